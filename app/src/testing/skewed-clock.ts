// Preloaded into a process: its wall clock is wrong by CLOCK_SKEW_MS, as a machine's without time synchronisation.
const skew = Number(process.env["CLOCK_SKEW_MS"]);
const RealDate = Date;

class SkewedDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(RealDate.now() + skew);
    else super(...args);
  }

  static override now(): number {
    return RealDate.now() + skew;
  }
}

globalThis.Date = SkewedDate as DateConstructor;
