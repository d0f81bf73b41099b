import { importing } from "./intrinsics.ts"
import type { Names } from "./names.ts"

/**
 * The module that stands in for the author's where the author's own start does not tell enough: it exports all that the
 * author's exports, which the runtime validates at its start, and an entrypoint that answers. No hook of the author's words
 * the errors of that validation.
 *
 * @param author the author's main module.
 * @param entrypoint the entrypoint's name, a random one.
 */
export const exported =
  (author: string, entrypoint: string) =>
  ({ intrinsics }: Names): string =>
    `
import { WorkerEntrypoint } from "cloudflare:workers"
${importing("answer, unhook", intrinsics)}
export * from ${JSON.stringify(`./${author}`)}
export { default } from ${JSON.stringify(`./${author}`)}
unhook()
export class ${entrypoint} extends WorkerEntrypoint { fetch() { return answer(${JSON.stringify(entrypoint)}) } }
`
