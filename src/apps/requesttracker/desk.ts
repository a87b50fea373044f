/** @file The help desk as its database has it. */

import { join } from "node:path";
import { query, stateChecks } from "../state.ts";
import type { StateChecks } from "../state.ts";

export interface TicketState {
  subject: string;
  queue: string;
  status: string;
  owner: string;
  priority: number;
  /** `YYYY-MM-DD`; `null`: none. */
  due: string | null;
  branch: string | null;
  /** E-mail addresses, in their order. */
  requestors: string[];
  cc: string[];
  /** `DependsOn 12`, in their order. */
  links: string[];
  /** The ticket that it was merged into. */
  mergedInto: number | null;
  said: { by: string; kind: string; text: string }[];
}

export interface Desk {
  /** By number. */
  tickets: Record<string, TicketState>;
  /** Real names by user name. */
  users: Record<string, string>;
}

const watchers = (
  role: string,
) => `(SELECT json_group_array(EmailAddress) FROM (SELECT u.EmailAddress FROM Groups g
  JOIN GroupMembers m ON m.GroupId = g.id JOIN Users u ON u.id = m.MemberId
  WHERE g.Domain = 'RT::Ticket-Role' AND g.Name = '${role}' AND g.Instance = t.id ORDER BY 1))`;

const STATE = `SELECT json_object('tickets', (SELECT json_group_object(t.id, json_object(
  'subject', t.Subject, 'queue', q.Name, 'status', t.Status, 'owner', o.Name, 'priority', t.Priority,
  'due', CASE WHEN substr(t.Due, 1, 4) > '1971' THEN substr(t.Due, 1, 10) END,
  'branch', (SELECT v.Content FROM ObjectCustomFieldValues v WHERE v.ObjectType = 'RT::Ticket' AND v.ObjectId = t.id AND v.Disabled = 0),
  'requestors', ${watchers("Requestor")}, 'cc', ${watchers("Cc")},
  'links', (SELECT json_group_array(link) FROM (SELECT Type || ' ' || LocalTarget AS link FROM Links WHERE LocalBase = t.id AND Type <> 'MergedInto' ORDER BY 1)),
  'mergedInto', CASE WHEN t.EffectiveId <> t.id THEN t.EffectiveId END,
  'said', (SELECT json_group_array(json_object('by', name, 'kind', type, 'text', content)) FROM (SELECT u.Name AS name, x.Type AS type, a.Content AS content
    FROM Transactions x JOIN Users u ON u.id = x.Creator JOIN Attachments a ON a.TransactionId = x.id AND a.ContentType LIKE 'text/%'
    WHERE x.ObjectType = 'RT::Ticket' AND x.ObjectId = t.id AND x.Type IN ('Create', 'Correspond', 'Comment') ORDER BY x.id))))
  FROM Tickets t JOIN Queues q ON q.id = t.Queue JOIN Users o ON o.id = t.Owner),
  'users', (SELECT json_group_object(Name, RealName) FROM Users))`;

const read = async (file: string): Promise<Desk> =>
  query("sqlite3", ["-readonly", "-cmd", ".timeout 30000", file, STATE]);

/** A form that was just sent may still be under way. */
const SAVED_MS = 2000;

/** The checks of the application that is installed in the folder. */
export function deskChecks(directory: string): StateChecks<Desk> {
  let first: Promise<Desk> | undefined;
  return stateChecks(
    async ({ port }) => read(join(directory, "copies", String(port), "rt.db")),
    () => (first ??= read(join(directory, "prepared", "rt.db"))),
    SAVED_MS,
  );
}
