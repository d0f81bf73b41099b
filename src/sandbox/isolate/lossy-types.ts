/** Types that JSON loses: the names of their classes, the name of a value in an error, and the replacement to return. */
const LOSSY_TYPES: ReadonlyArray<readonly [names: string, label: string, instead: string]> = [
  ["Map", "a Map", "Return Object.fromEntries(it) or [...it]."],
  ["Set", "a Set", "Return [...it]."],
  ["WeakMap WeakSet WeakRef", "a weak collection", "Return what you keep in it as an array or an object."],
  ["Error", "an Error", "Throw it, or return its message."],
  ["RegExp", "a RegExp", "Return String(it)."],
  ["ArrayBuffer SharedArrayBuffer", "an ArrayBuffer", "Return [...new Uint8Array(it)], or a string of it."],
  ["Uint8Array.__proto__", "a typed array", "Return Array.from(it), or a string of it."],
  ["DataView", "a DataView", "Return the numbers in it as an array."],
  ["Response", "a Response", "Return await it.json() or await it.text()."],
  ["Request", "a Request", "Return await it.json() or await it.text()."],
  ["ReadableStream", "a stream", "Return await new Response(it).text()."],
  ["WritableStream TransformStream", "a stream", "Return what was written to it."],
  ["Blob", "a Blob", "Return await it.text()."],
  ["Headers URLSearchParams FormData", "a list of entries", "Return Object.fromEntries(it) or [...it]."]
]

/** The source of `lossyTypes`: a linked list of `{prototype, label, instead, next}`, one for each class. */
export const lossyTypes = `
export let lossyTypes
for (const [names, label, instead] of ${JSON.stringify(LOSSY_TYPES)})
  for (const name of names.split(" ")) {
    const [root, up] = name.split(".")
    const found = globalThis[root]
    if (typeof found !== "function") continue
    const { prototype } = up === undefined ? found : getPrototypeOf(found)
    lossyTypes = { __proto__: null, prototype, label, instead, next: lossyTypes }
  }
`
