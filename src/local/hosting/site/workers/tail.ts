import { sendTraces } from "../../logs.ts"

/** Receives the traces of a site's code. */
export default {
  tail: (traces: Parameters<typeof sendTraces>[1], { SITE_URL }: { readonly SITE_URL: string }): Promise<void> =>
    sendTraces(SITE_URL, traces)
}
