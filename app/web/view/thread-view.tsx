import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { User } from "../net/api.ts";
import type { Answer, Message } from "../state/message.ts";
import type { Thread } from "../state/thread.ts";
import { EmptyThread } from "./empty-thread.tsx";
import { DownIcon } from "./icons.tsx";
import { MessageView } from "./message-view.tsx";

const NEAR_BOTTOM_PX = 60;

/** The messages of the open conversation. Follows a growing answer as long as the reader is at its end. */
export function ThreadView({ thread, user }: { thread: Thread; user: User }): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [away, setAway] = useState(false);
  const messages = thread.messages.value;
  const answering = thread.answer.value !== null;
  const empty = messages.length === 0;

  const toEnd = (): void => {
    const box = scroller.current;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    follows.current = true;
    setAway(false);
  };
  const onScroll = (): void => {
    const box = scroller.current;
    if (!box) return;
    follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM_PX;
    setAway(!follows.current);
  };
  useLayoutEffect(() => {
    if (!empty) toEnd();
    else scroller.current?.scrollTo({ top: 0 });
  }, [thread, empty]);
  // What the reader sends brings the end into view, wherever the page stood.
  useLayoutEffect(() => {
    if (answering) toEnd();
  }, [answering]);
  useEffect(() => {
    if (!content.current) return undefined;
    const observer = new ResizeObserver(() => {
      if (follows.current && thread.messages.value.length > 0) toEnd();
    });
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [thread]);

  return (
    <div class="thread">
      <div class="scroller" ref={scroller} onScroll={onScroll} tabIndex={0} role="region" aria-label="Messages">
        <div class="column" ref={content}>
          <ThreadContent thread={thread} user={user} empty={empty} />
        </div>
      </div>
      {away && (
        <button type="button" class="round jump" aria-label="To the newest message" onClick={toEnd}>
          <DownIcon />
        </button>
      )}
    </div>
  );
}

/** All messages in one list, the growing one last: its element stays the same when it is done. */
function shown(thread: Thread): { message: Message; phase: Answer["phase"] | null }[] {
  const list = thread.messages.value.map((message) => ({ message, phase: null }));
  const answer = thread.answer.value;
  if (!answer) return list;
  const message: Message = {
    key: answer.key,
    id: answer.messageId,
    role: "assistant",
    content: answer.text,
    status: "streaming",
    note: null,
    citations: answer.citations,
  };
  return [...list, { message, phase: answer.phase }];
}

function ThreadContent({ thread, user, empty }: { thread: Thread; user: User; empty: boolean }): JSX.Element {
  const state = thread.state.value;
  const answer = thread.answer.value;
  switch (state) {
    case "loading":
      return <p class="state">Loading the conversation …</p>;
    case "missing":
      return (
        <div class="state">
          <h2>There is no such conversation</h2>
          <p>It was deleted, or it belongs to somebody else.</p>
          <a class="button" href="#/">
            New chat
          </a>
        </div>
      );
    case "failed":
      return (
        <div class="state">
          <h2>The conversation could not be read</h2>
          <button type="button" onClick={() => void thread.load()}>
            Try again
          </button>
        </div>
      );
    case "ready":
      if (empty && !answer) return <EmptyThread thread={thread} user={user} />;
      return (
        <div class="messages">
          {shown(thread).map(({ message, phase }, index, { length }) => (
            <MessageView key={message.key} message={message} phase={phase} thread={thread} isLast={index === length - 1} />
          ))}
        </div>
      );
    default:
      return state satisfies never;
  }
}
