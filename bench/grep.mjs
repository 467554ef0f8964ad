import { withEnv } from 'millrace'
import { GREP_WORD } from './data.mjs'
import { plainGrep, plainGrepOfFile } from './plain.mjs'
import { throughput } from './throughput.mjs'

export function run(options, log) {
  const word = GREP_WORD
  const grep = (lines) => lines.filter(withEnv({ word }, (line) => line.includes(word)))
  const workload = {
    ofFile: async (lines) => [await grep(lines).count()],
    ofStream: (lines) => grep(lines).count(),
    plainOfFile: (path) => [plainGrepOfFile(path, word)],
    plain: (bytes) => [plainGrep(bytes, word)],
  }
  return throughput(workload, options, log)
}
