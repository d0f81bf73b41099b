/** The part of an OpenAPI document that this reads and writes. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: Readonly<Record<string, unknown>>
}

interface OperationObject {
  readonly "x-payment-info"?: unknown
  readonly responses: Readonly<Record<string, Answer>>
}

interface Answer {
  readonly description: string
}

/**
 * Moves error responses that several operations have into `components.responses` (OpenAPI 3.1, "Components Object"), because
 * they would make half of the document. The 402 of a paid operation stays, because tools that look for payments may not follow
 * references.
 */
export const shareResponses = <D extends Document>(document: D): D => {
  /** Components by the JSON of their responses. */
  const shared = new Map<string, { readonly name: string; readonly response: Answer }>()
  /** A short name, because every operation repeats it: the status, with a number from the second response of a status on. */
  const newName = (status: string): string => {
    const others = [...shared.values()].filter(({ name }) => name.startsWith(`E${status}`)).length
    return others === 0 ? `E${status}` : `E${status}_${others + 1}`
  }
  const share = (status: string, response: Answer, isPaid: boolean): readonly [string, object] => {
    if (Number(status) < 400 || (status === "402" && isPaid)) return [status, response]
    const text = JSON.stringify(response)
    const name = shared.get(text)?.name ?? newName(status)
    shared.set(text, { name, response })
    return [status, { $ref: `#/components/responses/${name}` }]
  }
  const shareAll = (operation: OperationObject): object => {
    const isPaid = operation["x-payment-info"] !== undefined
    const answers = Object.entries(operation.responses).map(([status, response]) => share(status, response, isPaid))
    return { ...operation, responses: Object.fromEntries(answers) }
  }
  const paths = Object.entries(document.paths).map(([path, item]) => [
    path,
    Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, shareAll(operation)]))
  ])
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: {
      ...document.components,
      responses: Object.fromEntries([...shared.values()].map(({ name, response }) => [name, response]))
    }
  }
}
