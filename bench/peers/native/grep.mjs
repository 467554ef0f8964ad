import { spawnSync } from 'node:child_process'
import { serve, timed } from '../node/serve.mjs'

/** usage: grep.mjs file=... word=...   GNU grep over the file in the page cache, a process for each iteration. */
await serve(({ file, word }) => {
  const count = () => {
    const { status, stdout, stderr, error } = spawnSync('grep', ['-c', '-F', word, file], {
      env: { ...process.env, LC_ALL: 'C' },
      encoding: 'utf8',
    })
    if (error) throw error
    // 1 says that no line matched.
    if (status > 1) throw new Error(stderr)
    return Number(stdout)
  }
  return { run: timed(count), answer: (total) => ({ total }) }
})
