import { countRows } from "./Tally.ts"

/** How far the Worker's clock is turned, in milliseconds. */
let turned = 0
const realNow = Date.now.bind(Date)
Date.now = () => realNow() + turned

/** Turns the Worker's clock and its alarms. The clocks of the chain and of the host stay. */
export const turnClock = (millis: number): void => {
  turned += millis
}

type Call = (...values: ReadonlyArray<unknown>) => unknown

const wrap = (target: object, name: string, make: (call: Call) => Call): void => {
  const call = (target as Record<string, Call>)[name]!.bind(target)
  Object.defineProperty(target, name, { value: make(call) })
}

/** Counts the rows of a query as they are read. A write is done at once. */
const countCursor = <Row extends Record<string, SqlStorageValue>>(cursor: SqlStorageCursor<Row>) => {
  let read = 0
  let written = 0
  const count = () => {
    countRows(cursor.rowsRead - read, cursor.rowsWritten - written)
    read = cursor.rowsRead
    written = cursor.rowsWritten
  }
  count()
  for (const method of ["toArray", "one"])
    wrap(cursor, method, (call) => () => {
      const rows = call()
      count()
      return rows
    })
  return cursor
}

/**
 * Counts what an object reads and writes as the platform bills it: the rows that a cursor says; one for each key; one for each
 * alarm that is set. The platform does not say what `deleteAlarm` and `deleteAll` cost. Here they count as one.
 *
 * @returns a function that lets the alarm ring now, and counts nothing.
 */
export const countStorage = (storage: DurableObjectStorage): (() => Promise<void>) => {
  const { sql, kv } = storage
  const exec = sql.exec.bind(sql)
  const value = (query: string, ...values: ReadonlyArray<SqlStorageValue>) => {
    if (values.length > 0) return countCursor(exec(query, ...values))
    // A cursor tells only about the last one of several statements.
    const statements = query.split(/;\s*(?=\S)/)
    return statements.map((statement) => countCursor(exec(statement))).at(-1)
  }
  Object.defineProperty(sql, "exec", { value })
  const count = (target: object, method: string, read: number, written: number) =>
    wrap(target, method, (call) => (...values) => {
      countRows(read, written)
      return call(...values)
    })
  count(kv, "get", 1, 0)
  count(kv, "put", 0, 1)
  count(kv, "delete", 0, 1)
  count(storage, "deleteAlarm", 0, 1)
  count(storage, "deleteAll", 0, 1)
  const setAlarm = storage.setAlarm.bind(storage)
  Object.defineProperty(storage, "setAlarm", {
    value: (at: number) => {
      countRows(0, 1)
      return setAlarm(at - turned)
    }
  })
  return () => setAlarm(realNow())
}
