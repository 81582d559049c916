// Text as a scalar of the YAML that we write for people.

/** Plain where YAML cannot take it for anything else. */
export function yamlText(text: string): string {
  const isPlain =
    /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
