import { mkdtempSync, renameSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { addResource } from "../../../../src/local/control-plane/store/resources.ts"
import { databaseTime } from "../../../../src/local/control-plane/store/rows.ts"
import { Store } from "../../../../src/local/control-plane/store/Store.ts"

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mpp-compute-store-"))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Adds resources of other projects. */
const withResources = ({ rows }: Store, count: number) => {
  for (let n = 0; n < count; n++)
    rows.resources.push({
      id: `res_${n}`,
      project_id: `proj_${n}`,
      resource_type: "worker",
      binding_name: null,
      resource_name: "worker",
      provider_id: "worker",
      status: "active",
      metadata: null,
      created_at: databaseTime()
    })
  return rows
}

const slugs = (store: Store) => store.rows.projects.map(({ slug }) => slug)

describe("the rows of the control plane", () => {
  it("are on disk once they are saved, also those that change while others are written", async () => {
    const store = new Store(dir)
    const answers: Array<Promise<void>> = []
    const onDisk: Array<ReadonlyArray<string>> = []
    for (let n = 0; n < 20; n++) {
      store.addProject("a", `slug-${n}`, "active")
      answers.push(store.saved().then(() => void (onDisk[n] = slugs(new Store(dir)))))
      // Writes begin and end between the changes.
      for (let turns = 0; turns < n % 4; turns++) await nextTurn()
    }
    await Promise.all(answers)
    for (const [n, slugs] of onDisk.entries()) assert.include(slugs, `slug-${n}`)
    assert.strictEqual(slugs(new Store(dir)).length, 20)
  })

  it("are written twice for changes that come at once and during a write", async () => {
    const store = new Store(dir)
    // To write so many takes longer than the loop below.
    const { resources } = withResources(store, 50_000)
    const sizes = new Set<number>()
    const answers: Array<Promise<void>> = []
    for (let n = 0; n < 20; n++) {
      store.addProject("a", `slug-${n}`, "active")
      // Each change makes the file longer.
      answers.push(store.saved().then(() => void sizes.add(statSync(join(dir, "rows.json")).size)))
      await nextTurn()
    }
    await Promise.all(answers)
    assert.strictEqual(sizes.size, 2)
    assert.strictEqual(resources.length, 50_000)
    assert.strictEqual(slugs(new Store(dir)).length, 20)
  })

  it("fail the answers that wait for them if they cannot be written, and not those of the next write", async () => {
    const store = new Store(dir)
    store.addProject("a", "slug-a", "active")
    await store.saved()
    const aside = `${dir}-aside`
    renameSync(dir, aside)
    store.addProject("a", "slug-b", "active")
    const failed = await store.saved().catch((cause: unknown) => cause)
    assert.match(String(failed), /ENOENT/)
    renameSync(aside, dir)
    store.addProject("a", "slug-c", "active")
    await store.saved()
    assert.deepStrictEqual(slugs(new Store(dir)), ["slug-a", "slug-b", "slug-c"])
  })

  it("of one project among 200,000 go, and no others", async () => {
    const store = new Store(dir)
    withResources(store, 200_000)
    const [first, second] = [store.addProject("a", "first", "active"), store.addProject("a", "second", "active")]
    for (const project of [first, second]) addResource(store, project.id, "worker", null, "worker")
    store.deleteProject(first)
    assert.strictEqual(store.rows.resources.length, 200_001)
    assert.deepStrictEqual(slugs(store), ["second"])
    await store.saved()
  })
})
