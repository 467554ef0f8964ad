package millrace.bridge;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/** A Node process of this executor, behind a unix socket. It runs one task at a time. */
final class NodeProcess {
  private static final long START_SECONDS = 60;

  /** Programs and broadcast variables that the process has. */
  final Set<Integer> programs = new HashSet<>();
  final Set<Integer> broadcasts = new HashSet<>();
  final DataInputStream in;
  final DataOutputStream out;
  private final Process process;
  private final SocketChannel channel;

  NodeProcess() throws IOException {
    SparkConf conf = SparkEnv.get().conf();
    // Only this user may enter the directory (0700), so nobody else can connect.
    Path directory = Files.createTempDirectory("millrace");
    Path path = directory.resolve("socket");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      process = start(conf, path);
      channel = accept(server);
    } finally {
      Files.deleteIfExists(path);
      Files.deleteIfExists(directory);
    }
    in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel), 1 << 16));
    out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16));
    checkVersion(conf.get("spark.millrace.version"));
  }

  boolean isAlive() {
    return process.isAlive() && channel.isOpen();
  }

  void kill() {
    process.destroyForcibly();
    try {
      channel.close();
    } catch (IOException e) {
      // The process is gone, and the socket with it.
    }
  }

  private static Process start(SparkConf conf, Path socket) throws IOException {
    String worker = SparkFiles.get("millrace-worker.mjs");
    ProcessBuilder builder = new ProcessBuilder(conf.get("spark.millrace.node", "node"), worker, socket.toString());
    builder.environment().put("MILLRACE_BOOT", conf.get("spark.millrace.boot"));
    // What functions print goes where the executor's output goes.
    return builder.redirectOutput(ProcessBuilder.Redirect.INHERIT).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Waits for the process to connect, until it exits or its time is over: both close the server. */
  private SocketChannel accept(ServerSocketChannel server) throws IOException {
    process.onExit().thenRun(() -> close(server));
    CompletableFuture.delayedExecutor(START_SECONDS, TimeUnit.SECONDS).execute(() -> close(server));
    try {
      return server.accept();
    } catch (IOException e) {
      boolean exited = !process.isAlive();
      process.destroyForcibly();
      String why = exited ? "it exited with code " + process.exitValue() : "it did not connect in " + START_SECONDS + " s";
      throw new IOException("A Node process of Millrace did not start: " + why + ". See the stderr of the executor.", e);
    }
  }

  private void checkVersion(String wanted) throws IOException {
    String version = new String(Wire.read(in), StandardCharsets.UTF_8);
    if (version.equals(wanted)) return;
    kill();
    throw new IOException("The worker of the Spark bridge has version " + version + ", the driver " + wanted + ". Install one version.");
  }

  private static void close(ServerSocketChannel server) {
    try {
      server.close();
    } catch (IOException e) {
      // Nothing waits for it any more.
    }
  }
}
