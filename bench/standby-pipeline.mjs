import { definePipeline } from 'millrace'

/** A sum that each batch adds to. */
export default definePipeline((ssc) => {
  const source = { kind: 'local', name: 'ones', replayable: true, next: () => [['sum', 1]] }
  ssc
    .input(source)
    .updateStateByKey((values, sum = 0) => values.reduce((a, b) => a + b, sum))
    .output('sum')
})
