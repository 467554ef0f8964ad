import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { ContentVersions } from '#build/engine/storage/content-versions.js'
import { PersistedPartitions } from '#build/engine/storage/persisted-partitions.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** As many versions of a state, each computed from the one before, as a stream of as many batches has. */
const VERSIONS = 500

test('a chain of states keeps nothing of versions that nothing can read any more', async () => {
  const blocks = { register() {}, release() {}, has: () => true }
  const versions = new ContentVersions({ emit() {} } as never)
  const persisted = new PersistedPartitions(blocks as never, versions)
  const contents: WeakRef<object>[] = []
  let newest: object = {}
  for (let id = 1; id <= VERSIONS; id++) {
    newest = { id, label: 'updateStateByKey', storage: 'memory', survivesThreads: false }
    persisted.expect(newest as never)
    const before = persisted.reading(id - 1, 0)
    persisted.set(id, 0, { id, length: 1, crc: id } as never, 0 as never, before ? [before] : [])
    contents.push(new WeakRef(persisted.reading(id, 0)!.of))
    persisted.release(id - 2)
  }
  const alive = () => contents.filter((each) => each.deref()).length
  // Datasets are collected first, and then what only they kept.
  await expect
    .poll(() => {
      collectGarbage()
      return alive()
    })
    .toBeLessThan(10)
  expect(newest).toMatchObject({ id: VERSIONS })
  expect(persisted.reading(VERSIONS, 0)).toBeDefined()
})
