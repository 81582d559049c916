// All detectors, the most specific first: of two that take the same bytes for theirs, the earlier one has them.
import { ABA } from "./aba.ts";
import { DATE_ISO, DATE_US } from "./date.ts";
import { DEA } from "./dea.ts";
import type { Detector } from "./detector.ts";
import { EMAIL } from "./email.ts";
import { IBAN } from "./iban.ts";
import { IP_V4 } from "./ip-v4.ts";
import { IP_V6 } from "./ip-v6.ts";
import { MAC } from "./mac.ts";
import { MBI } from "./mbi.ts";
import { NDC } from "./ndc.ts";
import { NPI } from "./npi.ts";
import { PAN } from "./pan.ts";
import { PHONE } from "./phone.ts";
import { ITIN, SSN } from "./ssn.ts";
import { TRACK_1, TRACK_2 } from "./track.ts";
import { WEB_ADDRESS } from "./url.ts";
import { VIN } from "./vin.ts";

export const DETECTORS: readonly Detector[] = [
  TRACK_1,
  TRACK_2,
  IBAN,
  PAN,
  VIN,
  DEA,
  MBI,
  NPI,
  ABA,
  ITIN,
  NDC,
  WEB_ADDRESS,
  EMAIL,
  MAC,
  IP_V6,
  IP_V4,
  DATE_ISO,
  DATE_US,
  SSN,
  PHONE,
];
