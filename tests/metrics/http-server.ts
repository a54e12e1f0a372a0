import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A real server that answers as it is told, and remembers what it was asked. */
export interface HttpServer {
  url: string;
  asked: Asked[];
  close(): Promise<void>;
}

/** Answers the first question by the first of these, the next by the second, and all others by the last. */
export async function startServer(...answers: ((answer: ServerResponse) => void)[]): Promise<HttpServer> {
  const asked: Asked[] = [];
  const server = createServer((question, answer) => {
    let body = '';
    question.on('data', (chunk: Buffer) => (body += chunk.toString()));
    question.on('end', () => {
      const act = answers[Math.min(asked.length, answers.length - 1)]!;
      const { method = '', url: path = '' } = question;
      asked.push({ method, path, headers: question.headers, body });
      act(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/canary`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const says =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  (answer: ServerResponse): void =>
    void answer.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
export const hangs = (): void => undefined;
export const breaks = (answer: ServerResponse): void => void answer.destroy();
