import { readFileSync } from 'node:fs'
import { digest } from '../../compare/digest.mjs'
import { plainWordCount } from '../../plain.mjs'
import { timed } from './serve.mjs'

export function open({ file }) {
  const bytes = readFileSync(file)
  return { run: timed(() => plainWordCount(bytes)), answer: digest }
}
