APPROVAL_SRCS := sudo_approval/approval.cc sudo_approval/command_info.cc sudo_approval/sudo_conversation.cc
