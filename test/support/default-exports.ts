import * as fc from "fast-check"

// Programs whose default exports are of every kind that a runtime may accept or refuse, as the text of one module.

const respond = 'new Response("served")'

/** Members of an object that may be a handler: `fetch` and others. */
const member = fc.constantFrom(
  `fetch: () => ${respond}`,
  `fetch: async function () { return ${respond} }`,
  `fetch() { return ${respond} }`,
  `async fetch(request, env, ctx) { return ${respond} }`,
  `["fe" + "tch"]: () => ${respond}`,
  `get fetch() { return () => ${respond} }`,
  `get fetch() { app ??= { fetch: () => ${respond} }; return app.fetch }`,
  `get fetch() { return reads++ % 2 === 0 ? () => ${respond} : undefined }`,
  `get fetch() { if (reads++ > 0) throw new Error("read twice"); return () => ${respond} }`,
  `get fetch() { throw new Error("not yet") }`,
  `get fetch() { const id = crypto.randomUUID(); return () => new Response(id) }`,
  `get fetch() { setTimeout(() => {}, 1); return () => ${respond} }`,
  "fetch: undefined",
  "fetch: null",
  "fetch: 5",
  "fetch: {}",
  "scheduled() {}",
  ""
)
const beside = fc.constantFrom(
  "",
  "",
  "__proto__: null",
  "[Symbol('s')]: 1",
  "get other() { throw new Error('other') }",
  "scheduled: 5",
  "tail() {}",
  "toJSON: 1",
  "then: 5"
)

const literal = fc.tuple(member, beside).map((parts) => `({ ${parts.filter((part) => part !== "").join(", ")} })`)

const classBody = fc.constantFrom(
  `{ fetch() { return ${respond} } }`,
  `{ fetch = async () => ${respond} }`,
  `{ #kept = 1; fetch() { return new Response(String(this.#kept)) } }`,
  `{ #kept = 1; get fetch() { this.#kept; return () => ${respond} } }`,
  `{ get fetch() { throw new Error("not yet") } }`,
  `{ static fetch() { return ${respond} } }`,
  "{ constructor() { super(); throw new Error('constructed') } }",
  "{ rpc() { return 1 } }",
  "{}"
)
const base = fc.constantFrom("WorkerEntrypoint", "WorkerEntrypoint", "DurableObject", "WorkflowEntrypoint", "Object")
const classes = fc.oneof(
  classBody.filter((body) => !body.includes("super")).map((body) => `(class ${body})`),
  fc.tuple(base, classBody).map(([name, body]) => `(class extends ${name} ${body})`),
  fc
    .tuple(classBody, classBody)
    .map(([inner, outer]) => `(class extends (class extends WorkerEntrypoint ${inner}) ${outer})`)
)
const instances = classBody.filter((body) => !body.includes("super")).map((body) => `new (class ${body})()`)

const primitives = fc.constantFrom("null", "undefined", "5", '"text"', "true", "5n", "Symbol('s')", "NaN")
const functions = fc.constantFrom(
  `() => ${respond}`,
  `function () { return ${respond} }`,
  `Object.assign(() => 1, { fetch: () => ${respond} })`,
  "async () => {}",
  "(function () {}).bind()",
  "Map",
  "WorkerEntrypoint"
)
const exotic = fc.constantFrom(
  `Object.assign([], { fetch: () => ${respond} })`,
  "[]",
  `Object.assign(new Date(0), { fetch: () => ${respond} })`,
  `Object.assign(new Map(), { fetch: () => ${respond} })`,
  `Object.assign(/a/, { fetch: () => ${respond} })`,
  `Object.assign(new Error("e"), { fetch: () => ${respond} })`,
  `Object.assign(Promise.resolve(), { fetch: () => ${respond} })`,
  `Promise.resolve({ fetch: () => ${respond} })`,
  "new Map()",
  "new URL('http://a.test')",
  "new Response('x')",
  "Math",
  "(() => { const it = Proxy.revocable({}, {}); it.revoke(); return it.proxy })()"
)

const strict = (trap: string) => `{ ${trap}() { throw new Error("trapped ${trap}") } }`
const wrappers: ReadonlyArray<(value: string) => string> = [
  (value) => `Object.freeze(${value})`,
  (value) => `Object.seal(${value})`,
  (value) => `Object.create(${value})`,
  (value) => `Object.setPrototypeOf(${value}, null)`,
  (value) => `Object.setPrototypeOf(${value}, Object.create(null))`,
  (value) => `Object.assign({}, ${value})`,
  (value) => `({ ...${value} })`,
  (value) => `Object.assign(${value}, { fetch: () => ${respond} })`,
  (value) => `Object.defineProperty(${value}, "fetch", { value: () => ${respond} })`,
  (value) => `new Proxy(${value}, {})`,
  (value) =>
    `new Proxy(${value}, { get: (target, key) => { if (key in target) return target[key]; throw new Error(String(key)) } })`,
  (value) =>
    `new Proxy(${value}, { get: (target, key) => key === "fetch" ? () => ${respond} : Reflect.get(target, key) })`,
  (value) => `new Proxy(${value}, { get: () => () => ${respond} })`,
  (value) => `new Proxy(${value}, { getPrototypeOf: () => null })`,
  ...["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor", "construct"].map(
    (trap) => (value: string) => `new Proxy(${value}, ${strict(trap)})`
  ),
  (value) => `await ${value}`,
  (value) => `(() => ${value})()`
]

const simple = fc.oneof(
  { weight: 8, arbitrary: literal },
  { weight: 4, arbitrary: classes },
  { weight: 3, arbitrary: instances },
  { weight: 1, arbitrary: primitives },
  { weight: 1, arbitrary: functions },
  { weight: 2, arbitrary: exotic }
)
const value = fc
  .tuple(simple, fc.array(fc.constantFrom(...wrappers), { maxLength: 2 }))
  .map(([inner, around]) => around.reduce((text, wrap) => wrap(text), inner))

const exportAs: ReadonlyArray<(text: string) => string> = [
  (text) => `export default ${text}`,
  (text) => `const exported = ${text}\nexport default exported`,
  (text) => `const exported = ${text}\nexport { exported as default }`,
  (text) => `let exported\ntry { exported = ${text} } catch {}\nexport { exported as default }`,
  (text) => `var exported = {}\nexported = ${text}\nexport { exported as default, exported as again }`,
  (text) => `export { exported as default }\nconst exported = ${text}`
]
const named = fc.constantFrom(
  ...Array.from({ length: 12 }, () => ""),
  "export const MAX = 5",
  "export let cache = null",
  "export const title = 'x'",
  "export const bare = Object.create(null)",
  "export const other = { fetch: () => new Response() }",
  "export const helper = () => 1",
  "export class Counter extends DurableObject {}",
  "export class Named extends WorkerEntrypoint { fetch() { return new Response() } }",
  "export const then = (go) => go(5)"
)
const prelude = fc.constantFrom(
  ...Array.from({ length: 12 }, () => ""),
  "Response.json = () => new Response('bent')",
  "Object.getPrototypeOf = Reflect.getPrototypeOf = () => null",
  "JSON.stringify = () => 'bent'; Function.prototype.toString = () => 'bent'",
  "Object.prototype.fetch = () => new Response('inherited')",
  "globalThis.Response = class extends Response {}",
  "Error.prepareStackTrace = () => { throw new Error('hook') }",
  "Math.random(); Date.now(); console.log('starts')",
  "env.NOTHING?.x; env.PROJECT_ID.length; process.env.PROJECT_ID.length",
  "throw new Error('internal error; reference = 1')",
  "throw new Error('Worker has no such entrypoint: it')",
  "null.x"
)

/** A program of one ES module. */
export const programs: fc.Arbitrary<string> = fc
  .tuple(prelude, value, fc.constantFrom(...exportAs), named)
  // With such a hook the runtime reports an error of a request in the same words as a failed start.
  .filter(([before, text]) => !(before.includes("hook") && /class extends[^]*(not yet|constructed|trapped)/.test(text)))
  .map(([before, text, exported, beside]) =>
    [
      'import { DurableObject, env, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers"',
      "let app, reads = 0",
      before,
      exported(text),
      beside
    ].join("\n")
  )
