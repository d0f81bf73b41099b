import { describe, it } from "vitest"
import { sealContract } from "../../support/contracts/seal.ts"

describe("a sealed secret in workerd", () => {
  for (const [name, check] of Object.entries(sealContract)) it(name, check)
})
