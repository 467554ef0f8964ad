import { definePipeline } from 'millrace'

/** Word counts of lines from sockets. `whole`: the host receives all of them, else only their number. */
export default definePipeline((ssc, { ports, whole }) => {
  const lines = ports.map((port) => ssc.socketTextStream('127.0.0.1', port)).reduce((a, b) => a.union(b))
  const counts = lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
  ;(whole ? counts : counts.count()).output('counts')
})
