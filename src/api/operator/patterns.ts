/** The parts of a path that vary, by their names in the OpenAPI document. */
const PARTS: Readonly<Record<string, string>> = {
  deployment_id: "(dep_[0-9a-z]{1,60})",
  id: "(dep_[0-9a-z]{1,60})",
  payer: "(0x[0-9a-fA-F]{40})"
}

/** Makes the pattern of a path such as `/operator/payers/{payer}`, which has one varying part or none. */
export const patternOf = (path: string): RegExp =>
  // bounded: 200 characters, the longest path that the gateway looks up
  new RegExp(`^${path.replace(/\{(\w+)\}/g, (_, name: string) => PARTS[name] ?? "")}$`)

/** The name of the part of a path that varies, if there is one. */
export const partOf = (path: string): string | undefined => /\{(\w+)\}/.exec(path)?.[1]
