import { callable } from "./callable.ts"
import { encode } from "./encode.ts"
import { importFrom } from "./intrinsics.ts"
import type { Names } from "./names.ts"

/**
 * The module that calls the code. It answers a GET with an empty body, once the code has started, and a POST with the outcome
 * of the call: "r" and the result as JSON, or "e" and the JSON of the error. The input is the JSON body of a POST to `/input`.
 */
export const callModule = ({ holder, intrinsics }: Names): string => `
${importFrom(
  `answer, apply, asyncIterator, bodyOf, codeAt, getPrototypeOf, isArray, isFinite, isIn, iterator, keys, lossyTypes, mapGet,
  mapHas, mapSet, methodOf, NewError, NewMap, NewTypeError, ObjectPrototype, parse, slice, stringify, text, thrown, timeOf,
  unbox, urlOf`,
  intrinsics
)}
${callable}
${encode}

let main
let failure
try {
  main = (await import(${JSON.stringify(`./${holder}`)})).main
} catch (cause) {
  failure = thrown(cause)
}

export default {
  async fetch(request) {
    if (methodOf(request) === "GET") return answer("")
    if (failure !== undefined) return answer("e" + failure)
    let body
    try {
      const sent = await bodyOf(request)
      const input = slice(urlOf(request), -6) === "/input" ? parse(sent) : undefined
      const found = callable(main)
      body = "r" + (await encode(await apply(found.call, found.of, [input])))
    } catch (cause) {
      body = "e" + thrown(cause)
    }
    return answer(body)
  }
}
`
