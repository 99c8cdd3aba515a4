// Text that stands in XML or in HTML, between the tags or in an attribute, and is nothing but text there.

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
