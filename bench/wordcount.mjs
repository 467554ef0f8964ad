import { plainWordCount, plainWordCountOfFile } from './plain.mjs'
import { throughput } from './throughput.mjs'

/** Written as a user would: closures, without library functions. */
const wordCount = (lines) =>
  lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)

export function run(options, log) {
  const workload = {
    ofFile: (lines) => wordCount(lines).collect(),
    ofStream: wordCount,
    plainOfFile: plainWordCountOfFile,
    plain: plainWordCount,
    normal: (pairs) => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)),
  }
  return throughput(workload, options, log)
}
