#!/bin/sh
# First program of a test host: makes its container look like a machine of its own, then becomes what runs there.
# usage: boot.sh systemd|none. /fidus-test holds its keys and, where this machine was told to trust more, ca.crt.
set -eu

# A control group tree of its own in the version that systemd 257 wants, whatever the engine's machine has.
mount -t cgroup2 cgroup2 /sys/fs/cgroup

# /proc/sys is read-only in a container, and so stays what belongs to the whole kernel. The network's part is the host's own,
# and Docker must write there.
mkdir /run/fresh-proc
mount -t proc proc /run/fresh-proc
mount --bind /run/fresh-proc/sys/net /proc/sys/net
umount /run/fresh-proc
rmdir /run/fresh-proc

rm -f /etc/ssh/ssh_host_*
install -m 600 /fidus-test/ssh_host_ed25519_key /etc/ssh/
install -d -m 700 /root/.ssh
install -m 600 /fidus-test/authorized_keys /root/.ssh/
if [ -f /fidus-test/ca.crt ]; then
  cat /fidus-test/ca.crt >>/etc/ssl/certs/ca-certificates.crt
  echo 'Acquire::https::CAInfo "/etc/ssl/certs/ca-certificates.crt";' >/etc/apt/apt.conf.d/zz-test-host
fi

case $1 in
systemd) exec /sbin/init ;;
none)
  mkdir -p /run/sshd
  exec /usr/sbin/sshd -D -e
  ;;
esac
