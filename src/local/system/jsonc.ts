/**
 * Parses JSON with comments and trailing commas, as in `wrangler.jsonc`.
 *
 * @throws SyntaxError when what is left is not JSON.
 */
export const parseJsonc = (text: string): unknown => {
  // bounded: the project's own configuration
  // Strings first, so that nothing inside them is taken for a comment or a comma.
  const plain = text.replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string?: string) => string ?? " ")
  // bounded: the same text
  return JSON.parse(plain.replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? ""))
}
