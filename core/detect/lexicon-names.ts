// The names that columns of identifiers have, in lower case, words apart. A phrase stands for its words in a row in a
// longer name, written together or apart; one with = before it is the whole name or none of it. Commas part phrases.
import type { IdentifierName } from "./identifier.ts";

export const NAMES: Readonly<Record<IdentifierName, string>> = {
  first_name: "first name, given name, forename, fname, first nm, christian name, =first, =given",
  last_name:
    "last name, surname, family name, lname, last nm, maiden name, maiden, mothers maiden name, =last, " +
    "=family",
  middle_name: "middle name, middle initial, mname, =middle, =mi",
  full_name:
    "full name, patient name, person name, customer name, member name, subscriber name, insured name, " +
    "employee name, contact name, display name, guarantor name, provider name, physician name, doctor " +
    "name, next of kin, pt name, =name, =patient",
  address:
    "address, addr, street, address line, mailing address, home address, street address, billing address, " +
    "shipping address, apartment, house number, po box, precinct, census tract, geocode, birth place",
  city: "city, town, municipality, birth city",
  county: "county, parish, fips",
  zip: "zip, zip code, zip 4, zip 5, postal code, post code, postal",
  coordinates: "latitude, longitude, lat, lon, lng, lat lon, lat lng, coordinates, geo point, gps",
  birth_date:
    "dob, birth date, date of birth, birthday, bday, born, born on, birth dt, birth year, year of birth, " +
    "yob",
  death_date: "dod, death date, date of death, deceased date, death dt, died on, deceased at",
  service_date:
    "service date, date of service, dos, admission date, admit date, admit dt, discharge date, discharge " +
    "dt, visit date, encounter date, procedure date, onset date, appointment date",
  date: "date, =start, =stop, =end, =onset, timestamp",
  age: "=age, age years, age in years, patient age, age at",
  phone:
    "phone, telephone, tel, mobile, cell, cell phone, phone number, phone no, mobile number, home phone, " +
    "work phone, msisdn",
  fax: "fax, facsimile, fax number, fax no, fax phone",
  email: "e mail, mail address, email address, =mail",
  ssn: "ssn, social security, social security number, social security no, soc sec, ss number, ssno",
  mrn:
    "mrn, medical record, medical record number, medical record no, med rec, chart number, patient id, " +
    "patient identifier, patient number, pt id, empi, mpi, =mpi id",
  health_plan:
    "member id, member number, subscriber id, beneficiary id, beneficiary number, health plan id, health " +
    "plan number, policy number, policy id, insurance id, insurance number, medicaid id, medicaid number, " +
    "hicn, group number",
  mbi: "mbi, medicare id, medicare number, medicare beneficiary identifier, medicare beneficiary id",
  account:
    "account, account number, account no, account id, acct, acct number, acct no, acct num, bank account, " +
    "bank account number, customer account, billing account",
  iban: "iban",
  aba: "aba, routing number, routing no, aba routing, aba number, routing transit number, rtn, bank routing",
  licence:
    "licence, license, licence number, license number, license no, drivers license, driver license, " +
    "drivers licence, driving licence, drivers, dl number, dl no, certificate number, certification " +
    "number, cert no",
  npi: "npi, national provider identifier, national provider id, provider npi",
  dea: "dea, dea number, dea no, dea registration",
  vehicle:
    "license plate, licence plate, plate number, number plate, vehicle id, vehicle registration, plate no",
  vin: "vin, vehicle identification number, vin number",
  device:
    "device id, device identifier, device serial, serial number, serial no, imei, imsi, udi, idfa, " +
    "android id, advertising id, implant id",
  url: "url, uri, web site, web page, home page, referrer, referer",
  ip: "ip, ip address, ip addr, ipv 4, ipv 6, client ip, remote addr",
  mac: "mac address, mac addr, =mac",
  biometric: "biometric, finger print, voice print, retina, iris scan, face embedding",
  photo: "photo, photograph, portrait, face image, headshot, avatar, selfie",
  passport: "passport, passport number, passport no",
  itin: "itin, tax id, taxpayer id, tin, tax number, taxpayer identification number",
  user_name: "user name, =login, login name, screen name, =handle",
  unique_id: "=id, =uuid, =guid, person id, customer id, user id, employee id, student id, national id",
  pan:
    "pan, card number, card no, card num, cc number, cc num, cc no, credit card, credit card number, " +
    "credit card no, debit card, debit card number, payment card, payment card number, primary account " +
    "number, =card, =cc",
  card_name: "card holder, card holder name, name on card, card name",
  card_expiry:
    "card expiry, expiry, expiration date, expiry date, exp date, exp month, exp year, card exp, card " +
    "expiration, cc exp, valid thru",
  service_code: "service code, card service code",
  cvv:
    "cvv, cvv 2, cvc, cvc 2, cvn, cav 2, csc, cid 4, card security code, security code, card " +
    "verification, card verification value, card verification code, =cid",
  pin: "pin, pin block, pin code, pin number, card pin",
  track:
    "=track, track data, track 1, track 2, track one, track two, mag stripe, magnetic stripe, track 2 " +
    "equivalent data, stripe data",
  ndc: "ndc, national drug code, ndc code",
  gender: "gender, sex",
  race: "race, ethnicity",
};
