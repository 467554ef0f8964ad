import { KeyColumn } from '#build/pool/blocks/key-column.js'
import { KeyTable } from '#build/pool/worker/state/key-table.js'
import { KeyIndex } from '#build/pool/worker/tables/key-index.js'
import { SlotIndex } from '#build/pool/worker/tables/slot-index.js'

const DISTINCT = 10_000
const RECORDS = 50_000
const STORED = 1_000_000
const LOOKED_UP = 10_000

/**
 * Measures why there are three indexes. A task's table starts empty and looks each key up once per record: SlotIndex has entries
 * half as large. A large table whose keys are looked up together: KeyIndex has short keys in its entries. State: KeyTable
 * needs no strings, and takes the least memory.
 */
export function indexBenches() {
  const kinds = {
    words: (i) => `word${i}`,
    'whole numbers': (i) => i * 7919,
  }
  const benches = Object.entries(kinds).flatMap(([name, keyOf]) => {
    const records = Array.from({ length: RECORDS }, (_, i) => keyOf((i * 48271) % DISTINCT))
    const stored = Array.from({ length: STORED }, (_, i) => keyOf(i))
    const wanted = Array.from({ length: LOOKED_UP }, (_, i) => keyOf((i * 48271 * 97) % STORED))
    const slots = new SlotIndex(stored)
    slots.begin(stored, STORED)
    const keys = new KeyIndex(stored)
    keys.begin(STORED)
    const table = new KeyTable()
    const column = KeyColumn.of(wanted)
    for (let i = 0; i < STORED; i++) {
      slots.place(stored[i], i)
      keys.add(i)
      table.enter(table.push(stored[i]))
    }
    return [
      { name: `a task's ${name}, SlotIndex`, items: RECORDS, run: () => placeAll(records) },
      { name: `a task's ${name}, KeyIndex`, items: RECORDS, run: () => findOrAdd(records) },
      { name: `state of a million ${name}, SlotIndex`, items: LOOKED_UP, run: () => lookUp(slots, wanted) },
      {
        name: `state of a million ${name}, KeyIndex`,
        items: LOOKED_UP,
        run: () => keys.findAll(wanted)[LOOKED_UP - 1],
      },
      {
        name: `state of a million ${name}, KeyTable`,
        items: LOOKED_UP,
        run: () => table.findColumn(column)[LOOKED_UP - 1],
      },
    ]
  })
  return { benches }
}

function placeAll(records) {
  const keys = []
  const index = new SlotIndex(keys)
  index.begin(keys, DISTINCT)
  for (const key of records) if (index.place(key, keys.length) === keys.length) keys.push(key)
  return keys.length
}

function findOrAdd(records) {
  const keys = []
  const index = new KeyIndex(keys)
  index.begin(DISTINCT)
  for (const key of records) if (index.find(key) < 0) index.add(keys.push(key) - 1)
  return keys.length
}

/** All keys are present. */
function lookUp(slots, wanted) {
  let sum = 0
  for (const key of wanted) sum = (sum + slots.place(key, -2)) | 0
  return sum
}
