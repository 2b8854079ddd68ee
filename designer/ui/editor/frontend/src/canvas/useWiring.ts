/** Drawing a wire: every port that fits lights up; on a card it takes the first that fits, on the canvas it asks. */

import type { Connection, FinalConnectionState, OnConnectStartParams } from "@xyflow/react";
import { type RefObject, useMemo } from "react";

import { fits, portKey } from "../core/ports";
import type { Position } from "../core/types";
import { run } from "../state/acts";
import { type Instance, useInstance } from "../state/context";
import type { Wire } from "./flow";

interface WiringHandlers {
  readonly isValidConnection: (connection: Connection | Wire) => boolean;
  readonly onConnectStart: (event: unknown, params: OnConnectStartParams) => void;
  readonly onConnect: (connection: Connection) => void;
  readonly onConnectEnd: (event: MouseEvent | TouchEvent, state: FinalConnectionState) => void;
}

/** Made once: React Flow draws every port again when a handler is another. */
export function useWiring(host: RefObject<HTMLDivElement | null>, toFlow: (x: number, y: number) => Position): WiringHandlers {
  const instance = useInstance();
  return useMemo(() => wiringHandlers(instance, host, toFlow), [instance, host, toFlow]);
}

function wiringHandlers(instance: Instance, host: RefObject<HTMLDivElement | null>, toFlow: (x: number, y: number) => Position): WiringHandlers {
  const { editor, view } = instance;
  const connect = (source: string, sourcePort: string, target: string, targetPort: string): void => {
    run(instance, { op: "connect", source, source_port: sourcePort, target, target_port: targetPort });
  };
  return {
    isValidConnection: ({ source, target, sourceHandle, targetHandle }) => {
      const { wiring, fits: known } = view.getState();
      const key = wiring?.side === "target" ? portKey(source, sourceHandle ?? "") : portKey(target, targetHandle ?? "");
      return known.get(key)?.ok ?? false;
    },
    onConnectStart: (_, { nodeId, handleId, handleType }) => {
      if (nodeId === null || handleId === null || handleType === null) return;
      const { doc, palette, analysis } = editor.getState();
      const known = fits(doc, palette, analysis, { node: nodeId, port: handleId, side: handleType === "source" ? "out" : "in" });
      const fitting = new Set([...known].filter(([, fit]) => fit.ok).map(([key]) => key.slice(0, key.lastIndexOf("."))));
      view.setState({ wiring: { node: nodeId, port: handleId, side: handleType }, fits: known, fitting });
    },
    onConnect: ({ source, sourceHandle, target, targetHandle }) => connect(source, sourceHandle ?? "out0", target, targetHandle ?? "in0"),
    onConnectEnd: (event, state) => {
      const { wiring, fits: known } = view.getState();
      view.setState({ wiring: null, fits: new Map(), fitting: new Set() });
      if (wiring === null || state.isValid === true || !("clientX" in event)) return;
      const root = host.current?.getRootNode() as ShadowRoot | Document | undefined;
      const card = root?.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-node]");
      const onto = card?.dataset.node;
      if (onto !== undefined && onto !== wiring.node) {
        const port = [...known].find(([key, fit]) => fit.ok && key.startsWith(`${onto}.`))?.[0].slice(onto.length + 1);
        const why = [...known].find(([key]) => key.startsWith(`${onto}.`))?.[1].reason;
        if (port === undefined) editor.say(why ?? "That block has no port for this wire.");
        else if (wiring.side === "source") connect(wiring.node, wiring.port, onto, port);
        else connect(onto, port, wiring.node, wiring.port);
        return;
      }
      if (onto !== undefined || root?.elementFromPoint(event.clientX, event.clientY)?.closest(".react-flow__pane") == null) return;
      const box = host.current?.closest(".bw")?.getBoundingClientRect();
      view.setState({
        menu: {
          kind: "fits",
          target: wiring.node,
          port: wiring.port,
          x: event.clientX - (box?.left ?? 0),
          y: event.clientY - (box?.top ?? 0),
          at: toFlow(event.clientX, event.clientY),
        },
      });
    },
  };
}
