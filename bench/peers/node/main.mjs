import { serve } from './serve.mjs'

/** usage: main.mjs workload=wordcount file=...   The same work as one loop on one thread, written by hand. */
await serve(async (task) => {
  const { open } = await import(`./${task.workload}.mjs`)
  return open(task)
})
