import at from "stdnum/lib/cjs/at/uid.js";
import be from "stdnum/lib/cjs/be/vat.js";
import bg from "stdnum/lib/cjs/bg/vat.js";
import cy from "stdnum/lib/cjs/cy/vat.js";
import cz from "stdnum/lib/cjs/cz/dic.js";
import de from "stdnum/lib/cjs/de/vat.js";
import dk from "stdnum/lib/cjs/dk/cvr.js";
import ee from "stdnum/lib/cjs/ee/kmkr.js";
import es from "stdnum/lib/cjs/es/nif.js";
import fi from "stdnum/lib/cjs/fi/alv.js";
import fr from "stdnum/lib/cjs/fr/tva.js";
import gr from "stdnum/lib/cjs/gr/vat.js";
import hr from "stdnum/lib/cjs/hr/oib.js";
import hu from "stdnum/lib/cjs/hu/anum.js";
import ie from "stdnum/lib/cjs/ie/vat.js";
import it from "stdnum/lib/cjs/it/iva.js";
import lt from "stdnum/lib/cjs/lt/pvm.js";
import lu from "stdnum/lib/cjs/lu/tva.js";
import lv from "stdnum/lib/cjs/lv/pvn.js";
import mt from "stdnum/lib/cjs/mt/vat.js";
import nl from "stdnum/lib/cjs/nl/btw.js";
import pl from "stdnum/lib/cjs/pl/nip.js";
import pt from "stdnum/lib/cjs/pt/nif.js";
import ro from "stdnum/lib/cjs/ro/cui.js";
import se from "stdnum/lib/cjs/se/vat.js";
import si from "stdnum/lib/cjs/si/ddv.js";
import sk from "stdnum/lib/cjs/sk/dph.js";
import type { Detector, Span } from "../kinds.ts";

/** By the prefix of the VAT id: Greece says EL. */
const countries: Readonly<Record<string, { readonly validate: (value: string) => { readonly isValid: boolean } }>> = {
  ...{ AT: at, BE: be, BG: bg, CY: cy, CZ: cz, DE: de, DK: dk, EE: ee, EL: gr, ES: es, FI: fi, FR: fr, HR: hr, HU: hu },
  ...{ IE: ie, IT: it, LT: lt, LU: lu, LV: lv, MT: mt, NL: nl, PL: pl, PT: pt, RO: ro, SE: se, SI: si, SK: sk },
};

const vatLike = new RegExp(
  `(?<![A-Za-z0-9])(?:${Object.keys(countries).join("|")})[ -]?[A-Z0-9](?:[ .-]?[A-Z0-9]){6,12}(?![A-Za-z0-9])`,
  "g",
);

/** VAT ids of the European Union with their country's prefix; each has a checksum. */
export const vatId: Detector = {
  kind: "VATID",
  *find(text): Generator<Span> {
    vatLike.lastIndex = 0;
    for (let match = vatLike.exec(text); match !== null; match = vatLike.exec(text)) {
      const [value] = match;
      if (isVatId(value)) yield { start: match.index, end: match.index + value.length };
      // An id may stand inside what only looked like one: "IT DE136695976".
      else vatLike.lastIndex = match.index + 2;
    }
  },
};

function isVatId(value: string): boolean {
  const country = value.slice(0, 2);
  const number = value.slice(2).replace(/[ .-]/g, "");
  return /\d{4}/.test(number) && (countries[country]?.validate(number).isValid ?? false);
}
