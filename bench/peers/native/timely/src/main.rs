// Word count and grep over a file in memory with timely dataflow: each worker reads its part of the lines, combines within the
// epoch of a batch, and sends each word to the worker that counts it. An iteration is an epoch.
// usage: peer workload=wordcount|grep threads=2 file=... [word=...]; then `go N` lines on the input.
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Instant;
use std::{env, fs};

use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::{Capability, Operator, Probe};
use timely::dataflow::{InputHandle, ProbeHandle};

type Count = (String, u64);
type Epochs<K> = HashMap<Capability<usize>, HashMap<K, u64>>;

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

fn digest(counts: &[Count]) -> String {
    let (mut total, mut hash) = (0u64, 0u32);
    for (key, count) in counts {
        let h = key.bytes().fold(0x811c9dc5u32, |h, b| (h ^ b as u32).wrapping_mul(0x01000193));
        total += count;
        hash = hash.wrapping_add(h.wrapping_mul(*count as u32));
    }
    format!("{{\"keys\":{},\"total\":{total},\"hash\":{hash}}}", counts.len())
}

fn main() {
    let task: HashMap<String, String> = env::args().skip(1).filter_map(|a| a.split_once('=').map(|(k, v)| (k.into(), v.into()))).collect();
    let option = |name: &str| task.get(name).cloned().unwrap_or_default();
    let threads: usize = option("threads").parse().unwrap();
    let text: &'static str = fs::read_to_string(option("file")).unwrap().leak();
    let (is_grep, sought): (bool, &'static str) = (option("workload") == "grep", option("word").leak());
    let lines: Arc<Vec<&'static str>> = Arc::new(text.lines().collect());
    let (results, barrier, asked) = (Arc::new(Mutex::new(Vec::<Count>::new())), Arc::new(Barrier::new(threads)), Arc::new(AtomicUsize::new(0)));

    timely::execute(timely::Config::process(threads), move |worker| {
        let index = worker.index();
        let mut input = InputHandle::new();
        let probe = ProbeHandle::new();
        let found = results.clone();
        worker.dataflow::<usize, _, _>(|scope| {
            input
                .to_stream(scope)
                .unary_frontier(Pipeline, "Combine", |_capability, _info| {
                    let mut epochs = Epochs::<&'static str>::new();
                    move |(input, frontier), output| {
                        input.for_each_stamp(|capability, data| {
                            let counts = epochs.entry(capability.retain_least(output.output_index()).unwrap()).or_default();
                            for line in data.flat_map(|lines: &mut Vec<&'static str>| lines.drain(..)) {
                                if !is_grep {
                                    for word in line.split(' ').filter(|word| !word.is_empty()) {
                                        *counts.entry(word).or_default() += 1;
                                    }
                                } else if line.contains(sought) {
                                    *counts.entry("").or_default() += 1;
                                }
                            }
                        });
                        epochs.retain(|capability, counts| {
                            if frontier.less_equal(capability.time()) {
                                return true;
                            }
                            let mut session = output.session(capability);
                            for (word, count) in counts.drain() {
                                session.give((word.to_string(), count));
                            }
                            false
                        });
                    }
                })
                .container::<Vec<Count>>()
                .unary_frontier::<CapacityContainerBuilder<Vec<()>>, _, _, _>(Exchange::new(|(word, _): &Count| hash(word)), "Count", |_capability, _info| {
                    let mut epochs = Epochs::<String>::new();
                    move |(input, frontier), output| {
                        input.for_each_stamp(|capability, data| {
                            let counts = epochs.entry(capability.retain_least(output.output_index()).unwrap()).or_default();
                            for (word, count) in data.flat_map(|pairs: &mut Vec<Count>| pairs.drain(..)) {
                                *counts.entry(word).or_default() += count;
                            }
                        });
                        epochs.retain(|capability, counts| {
                            if frontier.less_equal(capability.time()) {
                                return true;
                            }
                            found.lock().unwrap().extend(counts.drain());
                            false
                        });
                    }
                })
                .container::<Vec<()>>()
                .probe_with(&probe);
        });

        let part = &lines[lines.len() * index / threads..lines.len() * (index + 1) / threads];
        // Lines hold the lock of the input.
        let mut commands = (index == 0).then(|| io::stdin().lines());
        loop {
            if let Some(commands) = &mut commands {
                // The end of the input ends the workers.
                let iterations = commands.next().map(|line| line.unwrap().split(' ').nth(1).unwrap().parse().unwrap());
                asked.store(iterations.unwrap_or(0), Ordering::SeqCst);
            }
            barrier.wait();
            let iterations = asked.load(Ordering::SeqCst);
            if iterations == 0 {
                return;
            }
            let mut ms = vec![];
            for _ in 0..iterations {
                if index == 0 {
                    results.lock().unwrap().clear();
                }
                barrier.wait();
                let begun = Instant::now();
                for line in part {
                    input.send(*line);
                }
                input.advance_to(input.time() + 1);
                while probe.less_than(input.time()) {
                    worker.step();
                }
                barrier.wait();
                ms.push(format!("{:.4}", begun.elapsed().as_secs_f64() * 1e3));
            }
            if index == 0 {
                let found = results.lock().unwrap();
                let answer = if is_grep { format!("{{\"total\":{}}}", found.iter().map(|(_, count)| count).sum::<u64>()) } else { digest(&found) };
                println!("@{{\"ms\":[{}],\"answer\":{}}}", ms.join(","), answer);
                io::stdout().flush().unwrap();
            }
        }
    })
    .unwrap();
}
