import fc from 'fast-check'

// The same cases each time, so that a test that passes does so for everyone. SEED tries others.
fc.configureGlobal({ seed: Number(process.env.SEED ?? 1) })

export * from 'fast-check'
export default fc
