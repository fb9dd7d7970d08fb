#!/bin/busybox sh
# What busybox udhcpc calls with a lease: sets address, route and resolver of the boot interface.
case $1 in
  deconfig)
    rm -f /run/lease
    ip addr flush dev "$interface"
    ;;
  bound | renew)
    ip addr replace "$ip/$mask" broadcast + dev "$interface" valid_lft "${lease:-forever}" preferred_lft "${lease:-forever}"
    for router in $router; do ip route replace default via "$router" dev "$interface" && break; done
    : >/run/resolv.conf
    [ -n "$domain" ] && echo "search $domain" >>/run/resolv.conf
    for server in $dns; do echo "nameserver $server" >>/run/resolv.conf; done
    [ -n "$hostname" ] && hostname "$hostname"
    echo "$ip/$mask" >/run/lease
    ;;
esac
