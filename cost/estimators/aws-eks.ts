import { awsBill, hours } from "./aws.ts";
import type { Estimate } from "./bill.ts";
import { isMissing, textAt, type Missing, type Subject } from "./subject.ts";

/** First day of extended support; null: its end was not announced when this was read. Source: AWS, EKS versions, 2026-11. */
const standardUntil: Readonly<Record<string, string | null>> = { "1.34": "2026-12-02", "1.35": "2027-03-27", "1.36": null };
const oldest = 34;

/** The control plane by the hour, dearer once its version is old, and its capacity if more than the standard one is bought. */
export function cluster(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const support = supportOf(subject);
  if (isMissing(support)) bill.because(support.reason);
  else {
    bill.fixed("AmazonEKS cluster, standard support", hours);
    if (support === "extended") bill.fixed("AmazonEKS cluster, extended support surcharge (added to the standard hour)", hours);
  }
  const tier = textAt(subject, "controlPlaneScalingConfig.tier", "standard");
  if (isMissing(tier)) bill.because(tier.reason);
  else if (tier !== "standard") {
    const name = tier.replace(/^tier-/, "").toUpperCase();
    bill.fixed(`AmazonEKS provisioned control plane ${name} (on top of the cluster hour)`, hours);
  }
  return bill.estimate();
}

/** A cluster that names no version gets the newest; with support type STANDARD it is upgraded before support gets dear. */
function supportOf(subject: Subject): "standard" | "extended" | Missing {
  const version = textAt(subject, "version", "1.36");
  const type = textAt(subject, "upgradePolicy.supportType", "EXTENDED");
  if (isMissing(version)) return version;
  if (isMissing(type)) return type;
  if (type === "STANDARD") return "standard";
  const [major = "", minor = ""] = version.split(".");
  if (major === "1" && Number(minor) < oldest) return "extended";
  const until = standardUntil[version];
  if (until === undefined) return { reason: `version ${version}: its support dates were not read` };
  return until !== null && subject.today >= until ? "extended" : "standard";
}
