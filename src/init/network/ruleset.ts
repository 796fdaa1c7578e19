/** The nftables rules of one sandbox's network: pure. They hold in the network that the daemon is in. */
import { formatRange, type Range } from './ranges.ts';

export interface RulesetInput {
  /** Of the table, and of the interface that leads to the sandbox. */
  readonly name: string;
  /** Of the sandbox. */
  readonly address: string;
  /** IPv4 addresses that answer on port 53 wherever they are. */
  readonly nameservers: readonly string[];
  readonly allowed: readonly Range[];
  readonly denied: readonly Range[];
}

/**
 * What a sandbox never needs: this machine, link-local addresses (metadata services), multicast, and
 * what no host has.
 */
const always = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];

/**
 * Looks at the address that the sandbox asked for as well as at what the node has made of it: the
 * address of a service is another one by the time it is forwarded.
 *
 * The rules come before those of others (-5), so that what is refused is refused with an answer; what
 * others refuse stays refused. The set `refused` remembers where to, for the error's message.
 */
export function buildRuleset({ name, address, ...input }: RulesetInput): string {
  return `table inet ${name} {
  set nameservers { type ipv4_addr; ${elements(input.nameservers)} }
  set allowed { type ipv4_addr; flags interval; auto-merge; ${elements(input.allowed.map(formatRange))} }
  set denied { type ipv4_addr; flags interval; auto-merge; ${elements([...always, ...input.denied.map(formatRange)])} }
  set refused { type ipv4_addr; flags dynamic; size 64; }
  chain answer {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain refuse {
    add @refused { ip daddr }
    goto answer
  }
  chain outgoing {
    meta nfproto != ipv4 drop
    ct state established,related accept
    meta l4proto { tcp, udp } ct original ip daddr @nameservers ct original proto-dst 53 accept
    ct original ip daddr @allowed accept
    ip daddr @allowed accept
    ct original ip daddr @denied goto refuse
    ip daddr @denied goto refuse
  }
  chain toNode {
    jump outgoing
    goto refuse
  }
  chain forward {
    type filter hook forward priority filter - 5; policy accept;
    oifname ${name} ct state established,related accept
    oifname ${name} goto answer
    iifname ${name} jump outgoing
  }
  chain input {
    type filter hook input priority filter - 5; policy accept;
    iifname ${name} jump toNode
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${address} masquerade
  }
}
`;
}

/** The rules and their sets go with the table; that it is not there is no error. */
export function dropRuleset(name: string): string {
  return `table inet ${name} {}\ndelete table inet ${name}\n`;
}

function elements(values: readonly string[]): string {
  return values.length === 0 ? '' : `elements = { ${values.join(', ')} };`;
}
