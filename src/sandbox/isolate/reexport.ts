import { importFrom } from "./intrinsics.ts"
import type { Names } from "./names.ts"

/**
 * Re-exports all exports of the author's module, so that the runtime validates them when it starts this one, and adds an
 * entrypoint that answers with its name. It removes the author's `Error.prepareStackTrace`, so that no hook of the author
 * formats the errors of that validation.
 *
 * @param author the author's main module.
 * @param entrypoint the entrypoint's name, a random text.
 */
export const reexportModule =
  (author: string, entrypoint: string) =>
  ({ intrinsics }: Names): string =>
    `
import { WorkerEntrypoint } from "cloudflare:workers"
${importFrom("answer, unhook", intrinsics)}
export * from ${JSON.stringify(`./${author}`)}
export { default } from ${JSON.stringify(`./${author}`)}
unhook()
export class ${entrypoint} extends WorkerEntrypoint { fetch() { return answer(${JSON.stringify(entrypoint)}) } }
`
