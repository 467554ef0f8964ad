import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../stats.mjs'

const MIB = 2 ** 20

/** The figures that must stay flat, and by how much the last third of a run may exceed the third before. */
export const FIGURES = {
  'resident memory, MiB': 1.15,
  'heap of the driver in use, MiB': 1.25,
  'open files and sockets': 1.25,
  'handles of the event loop': 1.25,
  'files in the checkpoint directory': 1.25,
  'MiB in the checkpoint directory': 1.25,
}

/** Reads the figures of this process, by name. */
export function sample(directory) {
  const sizes = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    // A file may be removed meanwhile.
    .map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0)
  const { rss, heapUsed } = process.memoryUsage()
  return {
    'resident memory, MiB': rss / MIB,
    'heap of the driver in use, MiB': heapUsed / MIB,
    'open files and sockets': process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    'handles of the event loop': process.getActiveResourcesInfo().length,
    'files in the checkpoint directory': sizes.length,
    'MiB in the checkpoint directory': sizes.reduce((sum, size) => sum + size, 0) / MIB,
  }
}

/** Compares the last third of the samples with the middle one; the first is warm-up. */
export function growth(samples) {
  const third = Math.floor(samples.length / 3)
  return Object.entries(FIGURES).map(([name, most]) => {
    const values = samples.map((each) => each[name])
    const [before, after] = [median(values.slice(third, 2 * third)), median(values.slice(2 * third))]
    return { name, before, after, ratio: before === 0 ? 1 : after / before, most }
  })
}
