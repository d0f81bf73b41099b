import { NotConfigured } from "../../domain/Errors.ts"

/** 503: names the settings or bindings that are missing. `/health` lists them for the operator. */
export const notConfigured = (missing: ReadonlyArray<string>) =>
  new NotConfigured({
    detail: `Settings of the service are missing or malformed: ${missing.join(", ")}. Paid endpoints are unavailable until this is fixed.`,
    missing
  })
