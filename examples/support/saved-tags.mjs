import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * The lines of all parts that saveAsTextFiles wrote under a directory, counted.
 * @param {string} directory @returns {Promise<Map<string, number>>}
 */
export async function countSaved(directory) {
  const counts = new Map()
  for (const name of await readdir(directory, { recursive: true })) {
    if (!path.basename(name).startsWith('part-')) continue
    const text = await readFile(path.join(directory, name), 'utf8')
    for (const line of text.split('\n').slice(0, -1)) counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  return counts
}
