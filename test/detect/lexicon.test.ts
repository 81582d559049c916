// What columns' names say.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { IDENTIFIERS } from "../../core/detect/identifier.ts";
import type { IdentifierName } from "../../core/detect/identifier.ts";
import { findIdentifier } from "../../core/detect/lexicon.ts";
import { NAMES } from "../../core/detect/lexicon-names.ts";

const CASES: Partial<Record<IdentifierName, readonly string[]>> = {
  ssn: ["SSN", "patient_ssn", "SSNNumber", "ssn4", "Social Security No.", "socialSecurityNumber", "ＳＳＮ"],
  birth_date: ["dob", "DOB", "BIRTHDATE", "birth_date", "dateOfBirth", "patientBirthDate"],
  first_name: ["FIRST", "firstName", "FIRST_NAME", "first-name"],
  last_name: ["LAST", "lastname", "Last Name", "mothersMaidenName"],
  zip: ["ZIP", "zip_code", "postalCode", "billing_zip"],
  mrn: ["mrn", "medicalRecordNumber", "patient_id"],
  email: ["email", "e-mail", "EMAIL_ADDRESS", "contactEmail"],
  phone: ["phone", "home_phone", "mobileNumber", "Tel."],
  fax: ["fax", "faxNumber", "fax phone"],
  address: ["ADDRESS", "street_address", "addressLine1", "billingAddress"],
  pan: ["pan", "card_number", "cardNo", "cc_num", "CCNUM", "creditCardNumber", "pan_last4"],
  cvv: ["cvv", "CVV2", "cvc", "card_security_code", "CID"],
  track: ["track1", "track_2", "trackTwo", "trackData", "TRACK"],
  pin: ["PIN", "pin_block"],
  card_expiry: ["expiry", "exp_date", "cardExpiry"],
  npi: ["NPI", "provider_npi"],
  dea: ["dea_number", "DEA"],
  account: ["account", "acct_no", "accountNumber"],
  ip: ["ip", "IPv4", "client_ip", "last_login_ip", "ipAddress"],
  url: ["url", "homepage", "imageURL"],
  vin: ["vin", "VIN"],
  licence: ["drivers_license", "DRIVERS", "licenceNumber"],
  vehicle: ["license_plate"],
  device: ["device_id", "IMEI"],
  biometric: ["fingerprint", "finger_print"],
  photo: ["photo", "avatar"],
};

test("names in snake case, camel case and words are understood", () => {
  for (const [identifier, names] of Object.entries(CASES)) {
    for (const name of names) assert.equal(findIdentifier(name), identifier, name);
  }
});

test("names that only contain the letters of one, and names of nothing, say nothing", () => {
  for (const name of [
    "",
    " ",
    "_",
    "description",
    "company",
    "pancake",
    "expansion",
    "zipper",
    "shipping_status",
    "hotel",
    "vintage",
    "spinach",
    "recipe",
    "amount",
    "track_id",
    "first_visit",
    "last_seen",
    "mission",
    "correo",
    "電話",
    "__proto__",
    "constructor",
  ]) {
    assert.equal(findIdentifier(name), null, name);
  }
});

test("of several phrases the one that ends last decides", () => {
  assert.equal(findIdentifier("account_email"), "email");
  assert.equal(findIdentifier("email_account_number"), "account");
  assert.equal(findIdentifier("ssn_date"), "date");
  assert.equal(findIdentifier("card_holder_zip"), "zip");
});

test("every phrase finds its class, however its words are joined, and no phrase has two", () => {
  const seen = new Map<string, string>();
  for (const [identifier, phrases] of Object.entries(NAMES)) {
    for (const phrase of phrases.split(", ")) {
      const plain = phrase.replace("=", "");
      assert.equal(seen.get(phrase.replaceAll(" ", "")), undefined, `twice: ${phrase}`);
      seen.set(phrase.replaceAll(" ", ""), identifier);
      for (const name of [
        plain,
        plain.toUpperCase(),
        plain.replaceAll(" ", "_"),
        plain.replaceAll(" ", ""),
      ]) {
        assert.equal(findIdentifier(name), identifier, name);
      }
      assert.equal(
        findIdentifier(plain.replaceAll(/ (.)/g, (_, letter: string) => letter.toUpperCase())),
        identifier,
        phrase,
      );
    }
  }
});

test("each of the eighteen HIPAA identifiers has a class, and both of PCI DSS's", () => {
  const classes = Object.values(IDENTIFIERS);
  for (let number = 1; number <= 18; number++) {
    assert.ok(
      classes.some(({ hipaa }) => hipaa === number),
      `${number}`,
    );
  }
  assert.deepEqual(
    Object.entries(IDENTIFIERS)
      .filter(([, { pci }]) => pci === "SAD")
      .map(([name]) => name),
    ["cvv", "pin", "track"],
  );
});

test("any text can be a name, and a long one says nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
      const found = findIdentifier(name);
      assert.ok(found === null || found in IDENTIFIERS);
    }),
  );
  assert.equal(findIdentifier("ssn ".repeat(100)), null);
});
