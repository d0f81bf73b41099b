/** The names of bindings in the probes below, which also use the ids and statements that earlier probes have made. */
export const PROBED = { KV: "kv", DB: "d1", FILES: "r2", ROOM: "durable_object", ASSETS: "assets" } as const

/**
 * The use of bindings at the top level of a program, and what comes of it: a value's class, "throws" or "rejects" for the
 * runtime's refusal of I/O, or the words of another error.
 */
export const PROBES: ReadonlyArray<readonly [expression: string, outcome: string]> = [
  ['KV.get("a")', "throws"],
  ['KV.getWithMetadata("a")', "throws"],
  ['KV.put("a", "b")', "rejects"],
  ["KV.list()", "rejects"],
  ['KV.delete("a")', "rejects"],
  ["KV.get.bind(KV)", "Function"],
  ["KV", "KvNamespace"],
  ["DB", "D1Database"],
  ['(made.statement = DB.prepare("SELECT ?"))', "D1PreparedStatement"],
  ['made.statement.bind(1, "a", null, true, new Uint8Array(1))', "D1PreparedStatement"],
  [
    "made.statement.bind(undefined)",
    "throws Error: D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'"
  ],
  ["made.statement.all()", "rejects"],
  ["made.statement.first()", "rejects"],
  ["made.statement.run()", "rejects"],
  ["made.statement.raw()", "rejects"],
  ["DB.batch([made.statement])", "rejects"],
  ['DB.exec("SELECT 1")', "rejects"],
  ["DB.dump()", "rejects"],
  ["(made.session = DB.withSession())", "D1DatabaseSession"],
  ['made.session.prepare("SELECT 1")', "D1PreparedStatement"],
  ["made.session.batch([made.statement])", "rejects"],
  ["made.session.getBookmark()", "null"],
  ["FILES", "R2Bucket"],
  ['FILES.get("a")', "rejects"],
  ['FILES.head("a")', "rejects"],
  ['FILES.put("a", "b")', "rejects"],
  ["FILES.list()", "rejects"],
  ['FILES.delete("a")', "rejects"],
  ['FILES.createMultipartUpload("a")', "rejects"],
  ['(made.upload = FILES.resumeMultipartUpload("a", "id"))', "R2MultipartUpload"],
  ["made.upload.key + made.upload.uploadId", "String"],
  ['made.upload.uploadPart(1, "a")', "rejects"],
  ["made.upload.complete([])", "rejects"],
  ["made.upload.abort()", "rejects"],
  ["ROOM", "DurableObjectNamespace"],
  ['(made.id = ROOM.idFromName("a"))', "DurableObjectId"],
  ['made.id.equals(ROOM.idFromName("a")) && !made.id.equals(ROOM.idFromName("b")) ? "" : 0', "String"],
  ['/^[0-9a-f]{64}$/.test(String(made.id)) && made.id.name === "a" ? "" : 0', "String"],
  ["ROOM.newUniqueId()", "DurableObjectId"],
  ["ROOM.idFromString(String(made.id))", "DurableObjectId"],
  ['ROOM.idFromString("x")', "throws TypeError: Invalid Durable Object ID: must be 64 hex digits"],
  ["ROOM.get(made.id)", "throws"],
  ['ROOM.getByName("a")', "throws"],
  ["ASSETS", "Fetcher"],
  ['ASSETS.fetch("http://a/")', "rejects"],
  ['ASSETS.connect("a:1")', "throws"]
]

/** A program that makes the probes when it starts: `outcomes` has what comes of each, in their order. */
export const probing = (then: string): string => `
import { DurableObject, env } from "cloudflare:workers"
const { KV, DB, FILES, ROOM, ASSETS } = env
const made = {}
const reasonOf = (how, error) =>
  error.message.startsWith("Disallowed operation called within global scope") ? how : how + " " + error
const outcomeOf = async (probe) => {
  let value
  try {
    value = probe()
  } catch (error) {
    return reasonOf("throws", error)
  }
  if (!(value instanceof Promise)) return value === null ? "null" : value.constructor.name
  return value.then(() => "resolves", (error) => reasonOf("rejects", error))
}
const outcomes = []
for (const probe of [${PROBES.map(([expression]) => `() => ${expression}`).join(", ")}]) outcomes.push(await outcomeOf(probe))
export class Room extends DurableObject {}
${then}
`
