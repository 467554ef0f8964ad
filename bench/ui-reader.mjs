/** A process that reads the live feed at an address that it is sent, as a browser does, until it is sent `close`. */
let reading
process.on('message', async (text) => {
  reading?.abort()
  reading = undefined
  if (text !== 'close') {
    reading = new AbortController()
    const { signal } = reading
    const { body } = await fetch(text, { signal })
    const chunks = body[Symbol.asyncIterator]()
    // The greeting has everything that the page keeps.
    const decoder = new TextDecoder()
    for (let greeting = ''; !/event: batches.*\n\n$/s.test(greeting); )
      greeting += decoder.decode((await chunks.next()).value, { stream: true })
    void readAll(chunks, signal)
  }
  process.send('done')
})

async function readAll(chunks, signal) {
  try {
    while (!(await chunks.next()).done);
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
