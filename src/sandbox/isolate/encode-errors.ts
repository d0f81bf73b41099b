/** The source of `notEncodable`, the error for a value that JSON cannot represent: it names the value's place in the result. */
export const encodeErrors = `
/** An error at a place: a key in the container \`up\`, which knows its own key and container. The whole result has none. */
const notEncodable = (up, key, what, instead) => {
  const place = up === undefined ? "The result" : placeOf(up, key)
  const error = new NewTypeError(place + " is " + what + ", which JSON cannot represent. " + instead)
  error.stack = ""
  return error
}

/** "result.items[3]": the first 200 characters. */
const placeOf = (up, key) => {
  let place = segment(key)
  for (let at = up; at.up !== undefined; at = at.up) place = segment(at.key) + place
  return place.length > 200 ? "result" + slice(place, 0, 200) + "…" : "result" + place
}

const segment = (key) => (typeof key === "number" ? "[" + key + "]" : isName(key) ? "." + key : "[" + stringify(key) + "]")

const isName = (key) => {
  for (let i = 0; i < key.length; i++) {
    const c = codeAt(key, i)
    const letter = (c > 64 && c < 91) || (c > 96 && c < 123) || c === 95 || c === 36 || c > 127
    if (!letter && (i === 0 || c < 48 || c > 57)) return false
  }
  return key.length > 0
}
`
