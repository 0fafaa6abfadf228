-- Foreign_names: the public names of the libraries that users come from, by the pages that say what has taken
-- their places.
return {
  -- Slipstream 1.2.2, as hexdocs lists Slipstream, its Socket, its Configuration and its SocketTest.
  ["docs/coming-from-slipstream.md"] = [[
    use start_link new_socket connect connect! reconnect disconnect join rejoin leave push push!
    collect_garbage
    await_connect await_connect! await_disconnect await_disconnect! await_join await_join! await_leave
    await_leave! await_message await_message! await_reply await_reply!
    assign update connected? joined? join_status channel_pid
    init handle_continue handle_info handle_cast handle_call terminate handle_connect handle_disconnect
    handle_join handle_message handle_reply handle_topic_close handle_leave
    uri heartbeat_interval_msec headers serializer json_parser reconnect_after_msec rejoin_after_msec
    mint_opts extensions test_mode?
    accept_connect connect_and_assert_join assert_join refute_join assert_leave refute_leave assert_push
    refute_push assert_disconnect refute_disconnect reply
  ]],
  -- phoenix.js 1.8.16: the options and methods of Socket, Channel and Push that its users call, and what it
  -- exports. Those of Presence are on the page of presences.
  ["docs/coming-from-phoenix-js.md"] = [[
    transport longPollFallbackMs longpollerTimeout debug logger encode decode timeout
    heartbeatIntervalMs reconnectAfterMs rejoinAfterMs params authToken binaryType vsn sessionStorage
    connect disconnect onOpen onClose onError onMessage off channel remove ping isConnected
    connectionState makeRef push log hasLogger protocol endPointURL replaceTransport sendHeartbeat
    flushSendBuffer
    join receive on leave canPush isJoined isClosed isErrored isJoining isLeaving
    send resend Serializer LongPoll
  ]],
}
