"""Makes nova.confs of options of every type, of references between them, and of lines that are none.

The values of a type are few, right ones before wrong ones, and whether nova takes them is nova's to say.
"""

from making import ODD

WHOLE = ('1', '0', '8', '-1', 'x', '', '1.5', ' 4 ', '1_0', '0x10', '+3', '99999999999')
SHARE = ('1.0', '16', '0.0', '-1', 'x', '', '1e3', 'nan', 'inf')
SWITCH = ('true', 'False', '1', 'off', 'yes', 'x', '', 'enabled', 'TRUE', '2')
PORT = ('8774', '0', '65535', '65536', '70000', '-1', 'x', '')
HOST = ('192.0.2.1', '::1', 'host.example', 'a b', '300.1.1.1', '', 'host_name', '-host', '192.0.2.1:80')
ADDRESS = ('192.0.2.1', '::1', '0.0.0.0', '300.1.1.1', 'host.example', '', '192.0.2.1/24')
URL = ('http://a.example:6080/vnc_auto.html', 'a.example', 'http://', '', 'ftp://a.example/x', 'http://a b/', 'a.example:80')
TEXT = ('x', '', 'a,b', '  ', '"x"', 'äö')

# group, name, values; the releases have them all, or do not know some.
OPTIONS = [
    ('DEFAULT', 'osapi_compute_workers', WHOLE),
    ('DEFAULT', 'metadata_workers', WHOLE),
    ('DEFAULT', 'my_ip', ADDRESS),
    ('DEFAULT', 'my_block_storage_ip', HOST),
    ('DEFAULT', 'host', HOST),
    ('DEFAULT', 'osapi_compute_listen_port', PORT),
    ('DEFAULT', 'metadata_listen', HOST),
    ('DEFAULT', 'service_down_time', WHOLE),
    ('DEFAULT', 'report_interval', WHOLE),
    ('DEFAULT', 'reserved_host_memory_mb', WHOLE),
    ('DEFAULT', 'reserved_host_disk_mb', WHOLE),
    ('DEFAULT', 'cpu_allocation_ratio', SHARE),
    ('DEFAULT', 'ram_allocation_ratio', SHARE),
    ('DEFAULT', 'disk_allocation_ratio', SHARE),
    ('DEFAULT', 'initial_cpu_allocation_ratio', SHARE),
    ('DEFAULT', 'resume_guests_state_on_host_boot', SWITCH),
    ('DEFAULT', 'allow_resize_to_same_host', SWITCH),
    ('DEFAULT', 'use_cow_images', SWITCH),
    ('DEFAULT', 'instance_usage_audit_period', ('month', 'hour', 'day', 'year', 'week', '', 'month@2')),
    ('DEFAULT', 'resize_confirm_window', WHOLE),
    ('DEFAULT', 'max_concurrent_builds', WHOLE),
    ('DEFAULT', 'max_concurrent_live_migrations', WHOLE),
    ('DEFAULT', 'max_concurrent_snapshots', WHOLE),
    ('DEFAULT', 'sync_power_state_pool_size', WHOLE),
    ('DEFAULT', 'running_deleted_instance_action', ('reap', 'log', 'shutdown', 'noop', 'delete', '')),
    ('DEFAULT', 'debug', SWITCH),
    ('DEFAULT', 'log_options', SWITCH),
    ('DEFAULT', 'rpc_response_timeout', WHOLE),
    ('DEFAULT', 'executor_thread_pool_size', WHOLE),
    ('DEFAULT', 'graceful_shutdown_timeout', WHOLE),
    ('DEFAULT', 'manager_shutdown_timeout', WHOLE),
    ('DEFAULT', 'preallocate_images', ('none', 'space', 'full', '')),
    ('DEFAULT', 'image_cache_manager_interval', WHOLE),
    ('DEFAULT', 'config_drive_format', ('iso9660', 'vfat', 'ext4', '')),
    ('DEFAULT', 'default_schedule_zone', TEXT),
    ('DEFAULT', 'instance_name_template', ('instance-%08x', '%s', 'x', '%(uuid)s', '%d%d', '')),
    ('DEFAULT', 'pointer_model', ('usbtablet', 'ps2mouse', 'mouse', '')),
    ('api', 'auth_strategy', ('keystone', 'noauth2', 'noauth', '')),
    ('api', 'max_limit', WHOLE),
    ('api', 'compute_link_prefix', URL),
    ('api', 'dhcp_domain', TEXT),
    ('api', 'vendordata_dynamic_connect_timeout', WHOLE),
    ('api', 'list_records_by_skipping_down_cells', SWITCH),
    ('api_database', 'max_pool_size', WHOLE),
    ('barbican', 'barbican_endpoint_type', ('public', 'internal', 'admin', 'x', '')),
    ('cinder', 'catalog_info', ('volumev3:cinderv3:publicURL', 'volumev2::publicURL', 'volumev3', 'a:b:c', '', 'a::b')),
    ('cinder', 'http_retries', WHOLE),
    ('cinder', 'cross_az_attach', SWITCH),
    ('compute', 'consecutive_build_service_disable_threshold', WHOLE),
    ('compute', 'shutdown_retry_interval', WHOLE),
    ('compute', 'image_type_exclude_list', TEXT),
    ('compute', 'packing_host_numa_cells_allocation_strategy', SWITCH),
    ('conductor', 'workers', WHOLE),
    ('console', 'allowed_origins', TEXT),
    ('consoleauth', 'token_ttl', WHOLE),
    ('database', 'max_retries', WHOLE),
    ('database', 'backend', ('sqlalchemy', 'x', '')),
    ('filter_scheduler', 'host_subset_size', WHOLE),
    ('filter_scheduler', 'ram_weight_multiplier', SHARE),
    ('filter_scheduler', 'max_io_ops_per_host', WHOLE),
    ('filter_scheduler', 'aggregate_image_properties_isolation_separator', ('.', ':', '', '..')),
    ('filter_scheduler', 'track_instance_changes', SWITCH),
    ('glance', 'api_servers', (*URL, 'http://a.example:9292,http://b.example:9292')),
    ('glance', 'num_retries', WHOLE),
    ('glance', 'default_trusted_certificate_ids', TEXT),
    ('glance', 'verify_glance_signatures', SWITCH),
    ('ironic', 'api_retry_interval', WHOLE),
    ('ironic', 'serial_console_state_timeout', WHOLE),
    ('key_manager', 'fixed_key', ('', '00' * 32, 'x')),
    ('libvirt', 'inject_partition', ('-2', '-1', '0', '3', '-3', 'x', '')),
    ('libvirt', 'live_migration_downtime', ('500', '100', '99', '0', 'x', '')),
    ('libvirt', 'live_migration_downtime_steps', ('10', '3', '2', 'x', '')),
    ('libvirt', 'live_migration_completion_timeout', WHOLE),
    ('libvirt', 'live_migration_bandwidth', WHOLE),
    ('libvirt', 'disk_prefix', TEXT),
    ('libvirt', 'wait_soft_reboot_seconds', WHOLE),
    ('libvirt', 'snapshot_image_format', ('raw', 'qcow2', 'vmdk', 'vdi', 'iso', '')),
    ('libvirt', 'volume_clear', ('zero', 'shred', 'none', 'x', '')),
    ('libvirt', 'volume_clear_size', WHOLE),
    ('libvirt', 'gid_maps', ('0:1000:1', '', 'x', 'a,b')),
    ('libvirt', 'mem_stats_period_seconds', WHOLE),
    ('libvirt', 'num_iscsi_scan_tries', WHOLE),
    ('libvirt', 'num_volume_scan_tries', WHOLE),
    ('libvirt', 'tx_queue_size', ('256', '512', '1024', '100', '', 'x')),
    ('libvirt', 'smbfs_mount_point_base', TEXT),
    ('libvirt', 'iser_use_multipath', SWITCH),
    ('libvirt', 'rbd_connect_timeout', WHOLE),
    ('libvirt', 'rbd_destroy_volume_retries', WHOLE),
    ('libvirt', 'tb_cache_size', WHOLE),
    ('libvirt', 'device_detach_attempts', WHOLE),
    ('libvirt', 'cpu_power_governor_high', TEXT),
    ('libvirt', 'remote_filesystem_transport', ('ssh', 'rsync', 'scp', '')),
    ('libvirt', 'connection_uri', TEXT),
    ('libvirt', 'live_migration_inbound_addr', HOST),
    ('libvirt', 'max_queues', WHOLE),
    ('metrics', 'weight_multiplier', SHARE),
    ('metrics', 'required', SWITCH),
    ('mks', 'mksproxy_base_url', URL),
    ('mks', 'enabled', SWITCH),
    ('neutron', 'extension_sync_interval', WHOLE),
    ('neutron', 'service_metadata_proxy', SWITCH),
    ('neutron', 'default_floating_pool', TEXT),
    ('neutron', 'http_retries', WHOLE),
    ('notifications', 'notify_on_state_change', ('vm_state', 'vm_and_task_state', 'none', '', 'None')),
    ('notifications', 'default_level', ('DEBUG', 'INFO', 'info', 'x', '')),
    ('notifications', 'versioned_notifications_topics', TEXT),
    ('oslo_concurrency', 'disable_process_locking', SWITCH),
    ('oslo_messaging_rabbit', 'ssl', SWITCH),
    ('oslo_messaging_rabbit', 'kombu_compression', ('gzip', 'bz2', 'x', '')),
    ('oslo_policy', 'enforce_scope', SWITCH),
    ('oslo_policy', 'policy_file', TEXT),
    ('pci', 'report_in_placement', SWITCH),
    ('placement', 'connect_retries', WHOLE),
    ('quota', 'cores', WHOLE),
    ('quota', 'instances', WHOLE),
    ('quota', 'count_usage_from_placement', SWITCH),
    ('quota', 'unified_limits_resource_strategy', ('require', 'ignore', 'x', '')),
    ('rdp', 'html5_proxy_base_url', URL),
    ('scheduler', 'workers', WHOLE),
    ('scheduler', 'max_attempts', WHOLE),
    ('scheduler', 'discover_hosts_in_cells_interval', WHOLE),
    ('scheduler', 'max_placement_results', WHOLE),
    ('scheduler', 'query_placement_for_image_type_support', SWITCH),
    ('serial_console', 'base_url', URL),
    ('serial_console', 'serialproxy_port', PORT),
    ('service_user', 'send_service_user_token', SWITCH),
    ('spice', 'html5proxy_base_url', URL),
    ('spice', 'server_listen', HOST),
    ('spice', 'image_compression', ('auto_glz', 'off', 'x', '')),
    ('vnc', 'novncproxy_base_url', URL),
    ('vnc', 'server_listen', HOST),
    ('vnc', 'server_proxyclient_address', HOST),
    ('vnc', 'keymap', TEXT),
    ('vnc', 'enabled', SWITCH),
    ('workarounds', 'disable_rootwrap', SWITCH),
    ('workarounds', 'libvirt_disable_apic', SWITCH),
    ('workarounds', 'qemu_monitor_announce_self_count', WHOLE),
    ('workarounds', 'skip_cpu_compare_on_dest', SWITCH),
    ('wsgi', 'tcp_keepidle', WHOLE),
    ('wsgi', 'api_paste_config', TEXT),
]


def values(rng, conf):
    for group, name, some in rng.sample(OPTIONS, rng.randrange(1, 5)):
        conf.put(group, name, rng.choice(some[:2] if rng.random() < 0.5 else some))


def references(rng, conf):
    """Values that refer to other options."""
    target = rng.choice(('my_ip', 'host', 'state_path', 'nonesuch', 'my-ip', 'MY_IP', 'libvirt.virt_type', ''))
    written = rng.choice(
        (f'${target}', f'${{{target}}}', f'x${target}/y', f'$${target}', f'\\${target}', f'${{{target}', '$', 'a$')
    )
    group, name = rng.choice(
        (
            ('DEFAULT', 'instances_path'),
            ('vnc', 'server_proxyclient_address'),
            ('libvirt', 'live_migration_inbound_addr'),
            ('DEFAULT', 'my_block_storage_ip'),
            ('DEFAULT', 'reserved_host_memory_mb'),
            ('DEFAULT', 'instance_name_template'),
            ('glance', 'api_servers'),
            ('nonesuch', 'anything'),
            ('serial_console', 'base_url'),
        )
    )
    conf.put(group, name, written)
    if rng.random() < 0.4:
        conf.put('DEFAULT', target if target.isidentifier() else 'my_ip', rng.choice(('192.0.2.1', '$host', 'x', '')))


def lines(rng, conf):
    """Lines that oslo.config does not read as nova.conf's author does."""
    conf.put('DEFAULT', 'debug', rng.choice(SWITCH[:4]))
    conf.put('libvirt', 'virt_type', 'kvm')
    odd = rng.choice(
        (
            'no equals sign',
            '[unclosed',
            '[]',
            '[a]b',
            '= x',
            ':',
            'a : b',
            'cpu_mode : none',
            '  indented = 1',
            '; comment',
            '  # comment',
            '<<<<<<< HEAD',
            '=======',
            '>>>>>>> theirs',
            '-e',
            '[libvirt ]',
            '[ libvirt]',
            '[[libvirt]]',
            'cpu_mode',
            'cpu_mode =',
            '\tx',
            '#',
            'ｃpu_mode = none',
            'cpu mode = none',
            'cpu_mode == none',
            '[libvirt] # comment',
            'x = ' + rng.choice(ODD),
            'None',
        )
    )
    conf.insert(rng, odd)
