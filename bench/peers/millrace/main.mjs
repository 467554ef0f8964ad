import { serve } from '../node/serve.mjs'

/** usage: main.mjs workload=wordcount variant=closures threads=2 file=... */
await serve(async (task) => {
  const { open } = await import(`./${task.workload}.mjs`)
  return open({ ...task, threads: Number(task.threads) })
})
