/** The part of an OpenAPI document that this reads and writes. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: Readonly<Record<string, unknown>>
}

interface OperationObject {
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

/** Makes the name of a component from a description such as "Busy | Not configured". */
const nameOf = (description: string): string =>
  description
    .split(/[^A-Za-z]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("")

/**
 * Moves error responses that several operations have into `components.responses` (OpenAPI 3.1, "Components Object"), because
 * they would make half of the document. The 402 stays, because tools that look for payments may not follow references.
 */
export const shareResponses = <D extends Document>(document: D): D => {
  const shared = new Map<string, object>()
  const share = ([status, response]: readonly [string, { readonly description: string }]) => {
    if (status === "402" || Number(status) < 400) return [status, response]
    const name = `${nameOf(response.description)}${status}`
    const text = JSON.stringify(response)
    // Responses of one name differ where only some operations send a header.
    if (JSON.stringify(shared.get(name) ?? response) !== text) return [status, response]
    shared.set(name, response)
    return [status, { $ref: `#/components/responses/${name}` }]
  }
  const paths = Object.entries(document.paths).map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([method, operation]) => [
        method,
        { ...operation, responses: Object.fromEntries(Object.entries(operation.responses).map(share)) }
      ])
    )
  ])
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: { ...document.components, responses: Object.fromEntries(shared) }
  }
}
