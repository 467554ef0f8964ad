import { readFileSync } from 'node:fs'
import { plainGrep } from '../../plain.mjs'
import { timed } from './serve.mjs'

export function open({ file, word }) {
  const bytes = readFileSync(file)
  return { run: timed(() => plainGrep(bytes, word)), answer: (total) => ({ total }) }
}
