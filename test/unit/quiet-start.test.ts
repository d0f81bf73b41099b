import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const frames = (error: Error) => (error.stack ?? "").split("\n").filter((line) => line.includes(" at ")).length

it("keeps errors from recording stacks until it ends, whoever sets the limit", async () => {
  const before = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")
  const { endQuiet } = await import("../../src/quiet-start.ts")
  try {
    Error.stackTraceLimit = 10
    expect(frames(new Error("quiet"))).toBe(0)
  } finally {
    endQuiet()
  }
  expect(frames(new Error("loud"))).toBeGreaterThan(0)
  expect(Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")).toEqual(before)
})

it("begins before every other module of the Worker, and ends with its last statement", () => {
  const lines = readFileSync("src/worker.ts", "utf8").trimEnd().split("\n")
  expect([lines[0], lines.at(-1)]).toEqual(['import { endQuiet } from "./quiet-start.ts"', "endQuiet()"])
})
