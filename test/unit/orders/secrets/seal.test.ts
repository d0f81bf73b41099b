import { sealContract } from "../../../support/contracts/seal.ts"
import { describe, it } from "vitest"

describe("a sealed secret in Node", () => {
  for (const [name, check] of Object.entries(sealContract)) it(name, check)
})
