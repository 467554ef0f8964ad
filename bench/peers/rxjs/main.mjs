import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { digest } from '../../compare/digest.mjs'
import { texts } from '../../plain.mjs'
import { serve, timed } from '../node/serve.mjs'

/** usage: main.mjs workload=wordcount|grep modules=FOLDER file=...   RxJS lies in the folder, not in this package. */
await serve(({ workload, modules, file, word }) => {
  const { from, concatMap, filter, reduce, count, lastValueFrom } = createRequire(join(modules, 'package.json'))('rxjs')
  const bytes = readFileSync(file)
  const lines = () => {
    const pieces = []
    texts(bytes, (text) => pieces.push(text))
    return from(pieces).pipe(concatMap((text) => text.split('\n')))
  }
  const add = (counts, word) => counts.set(word, (counts.get(word) ?? 0) + 1)
  const works = {
    wordcount: () =>
      lines().pipe(
        concatMap((line) => line.split(' ')),
        reduce(add, new Map()),
      ),
    grep: () =>
      lines().pipe(
        filter((line) => line.includes(word)),
        count(),
      ),
  }
  return {
    run: timed(() => lastValueFrom(works[workload]())),
    answer: (result) => (typeof result === 'number' ? { total: result } : digest(result)),
  }
})
