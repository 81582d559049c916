// The little XML that S3's protocol needs: a writer, and a strict reader of request bodies. Leaves out attributes but
// namespaces, comments, CDATA, processing instructions and document types: a request that has them is refused.
import { AwsError } from "../aws-error.ts";

const MAX_DEPTH = 6;
const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** An element's content: text, or elements. A list repeats the element; undefined leaves it out. */
export type XmlContent =
  string | number | boolean | XmlFields | readonly XmlFields[] | readonly string[] | undefined;
export interface XmlFields {
  readonly [name: string]: XmlContent;
}

/** A whole document. */
export function encodeXml(root: string, fields: XmlFields): string {
  const xmlns = root === "Error" ? "" : ` xmlns="${NAMESPACE}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${xmlns}>${encodeFields(fields)}</${root}>`;
}

function encodeFields(fields: XmlFields): string {
  return Object.entries(fields)
    .map(([name, content]) => encodeElement(name, content))
    .join("");
}

function encodeElement(name: string, content: XmlContent): string {
  if (content === undefined) return "";
  if (typeof content !== "object") return `<${name}>${escapeText(String(content))}</${name}>`;
  if (!Array.isArray(content)) return `<${name}>${encodeFields(content as XmlFields)}</${name}>`;
  return (content as readonly (string | XmlFields)[]).map((entry) => encodeElement(name, entry)).join("");
}

// Line ends would be normalised by a reader, and control characters are no XML 1.0 even when escaped; S3 writes them
// all the same, and offers encoding-type=url to those who mind.
function escapeText(text: string): string {
  return text.replace(/[&<>"]|\p{Cc}/gu, (char) => {
    if (char === "&") return "&amp;";
    if (char === "<") return "&lt;";
    if (char === ">") return "&gt;";
    if (char === '"') return "&quot;";
    return `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** @throws AwsError MalformedXML */
export function decodeXml(bytes: Uint8Array): XmlElement {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformedXml();
  }
  return new XmlReader(text.replace(/^<\?xml [^?<>]*\?>/, "")).document();
}

/** The one child of that name; null if there is none. @throws AwsError MalformedXML if there are more. */
export function findChild(element: XmlElement, name: string): XmlElement | null {
  const found = element.children.filter((child) => child.name === name);
  if (found.length > 1) throw malformedXml();
  return found[0] ?? null;
}

export function malformedXml(): AwsError {
  return new AwsError("MalformedXML", 400, "The XML you provided was not well-formed or did not validate");
}

class XmlReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): XmlElement {
    this.#match(/\s*/y);
    const element = this.#element(0);
    this.#match(/\s*/y);
    if (this.#at !== this.#text.length) throw malformedXml();
    return element;
  }

  #element(depth: number): XmlElement {
    if (depth >= MAX_DEPTH) throw malformedXml();
    const open = this.#match(/<([A-Za-z][A-Za-z0-9]*)(?:\s+xmlns(?::[a-z]+)?="[^"<&]*")*\s*(\/?)>/y);
    const name = open?.[1];
    if (name === undefined) throw malformedXml();
    if (open?.[2] === "/") return { name, children: [], text: "" };
    const children: XmlElement[] = [];
    let text = "";
    for (;;) {
      text += this.#match(/[^<]+/y)?.[0] ?? "";
      const close = this.#match(/<\/([A-Za-z][A-Za-z0-9]*)\s*>/y);
      if (close !== null) {
        if (close[1] !== name || (children.length > 0 && text.trim() !== "")) throw malformedXml();
        return { name, children, text: unescapeText(text) };
      }
      children.push(this.#element(depth + 1));
    }
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescapeText(text: string): string {
  const unescaped = text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]+));/g,
    (_, hex, decimal, name) => {
      if (typeof name === "string") return ENTITIES.get(name) ?? fail();
      const code = typeof hex === "string" ? parseInt(hex, 16) : Number(decimal);
      return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? fail() : String.fromCodePoint(code);
    },
  );
  // An ampersand that begins no reference is not XML.
  if (/&(?!(?:#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]+);)/.test(text)) return fail();
  return unescaped;
}

function fail(): never {
  throw malformedXml();
}
